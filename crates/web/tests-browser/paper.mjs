// The pages for paper in a real browser: axe on each, wide, narrow, dark and as they are printed.
//
// node paper.mjs BASE SCREENSHOTS
// The server is a demo whose clock shows the morning's round. What the PDF says is held against the page in
// tests/cases/paper.rs.

import { assert, assertSound, assertWhole, chooseRole, open, picture, run } from "./browser.mjs";

const [base, screenshots] = process.argv.slice(2);
const CASE_SECONDS_MAX = 240;
const SIZES = {
  wide: {},
  narrow: { viewport: { width: 320, height: 640 } },
  dark: { colorScheme: "dark" },
};

async function enter(browser, title, options = {}) {
  const page = await open(browser, options);
  await page.goto(base);
  await page.waitForURL(/\/logg-inn/);
  await chooseRole(page, title);
  return page;
}

/** The page on the screen and on paper, and its file. */
async function paper(page, address, name, size) {
  await page.goto(`${base}${address}`);
  await page.locator("article.paper").waitFor();
  await assertSound(page, `${name}, ${size}`);
  if (size !== "wide") return;
  await picture(page, screenshots, `paper-${name}`);
  await page.emulateMedia({ media: "print" });
  await assertWhole(page, `${name}, printed`);
  // What is no part of the document is not printed.
  for (const what of ["nav", "form", ".top"]) {
    for (const one of await page.locator(what).all()) {
      assert(!(await one.isVisible()), `${what} is printed on ${name}`);
    }
  }
  await page.emulateMedia({ media: "screen" });
  const file = await page.locator('a[href*=".pdf"]').first().getAttribute("href");
  const answer = await page.request.get(`${base}${file}`);
  const body = await answer.body();
  assert(answer.status() === 200 && body.subarray(0, 5).toString() === "%PDF-", `${file}: ${answer.status()}`);
}

/** A signed note of a patient; its address. */
async function note(page, chart) {
  await page.goto(`${base}${chart}/notat/ny`);
  await page.locator("[name=tittel]").first().fill("Kontroll");
  await page.locator("textarea[name=tekst]").fill("Hoste i tre dager.\n\nLungene er rene.");
  await page.locator("#notat-signer").click();
  await page.waitForURL(/\/notat\/(?!ny$)[^/?#]+$/);
  return new URL(page.url()).pathname;
}

const cases = {
  "a doctor's pages for paper": async (browser) => {
    let signed = null;
    for (const [size, options] of Object.entries(SIZES)) {
      const page = await enter(browser, "Fastlege", options);
      await page.goto(`${base}/pasienter?q=Ingrid%20Solbakken`);
      const chart = (await page.locator('main a[href^="/pasient/"]').first().getAttribute("href")).split("?")[0];
      signed ??= await note(page, chart);
      await paper(page, `${chart}/utskrift/legemidler`, "medicines", size);
      await paper(page, `${chart}/utskrift/sammendrag`, "summary", size);
      await paper(page, `${signed}/utskrift`, "note", size);
      await paper(page, "/utskrift/dagliste?dag=enhet", "day", size);
      await page.goto(`${base}${chart}/legemidler`);
      const links = await page.locator("main a[href*='/resept/']").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
      const prescription = links.map((href) => /\/resept\/(?!ny)([^/?#]+)/.exec(href)?.[1]).find(Boolean);
      await paper(page, `${chart}/resept/${prescription}/utskrift`, "prescription", size);
      await page.context().close();
    }
  },

  "the round and the citizen's own list": async (browser) => {
    for (const [size, options] of Object.entries(SIZES)) {
      const nurse = await enter(browser, "Sykepleier på sykehjem", options);
      await paper(nurse, "/utskrift/runde", "round", size);
      await nurse.context().close();
      const citizen = await enter(browser, "Innbygger", options);
      const home = await citizen.locator("nav.my-bar a").filter({ hasText: "Meldinger" }).getAttribute("href");
      await paper(citizen, `/min/${home.split("/")[2]}/journal/medisiner/utskrift`, "own-list", size);
      await citizen.context().close();
    }
  },
};

await run(cases, CASE_SECONDS_MAX, screenshots);
