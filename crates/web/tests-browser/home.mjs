// The home of those who work at a desk, in a real browser against the real demo: clicks are counted,
// every state goes through axe, and what others do comes without loading again.
//
// node home.mjs BASE SCREENSHOTS
// One case per sentence; prints each, exits 1 when one fails.

import { assert, assertSound, enterAs, open, picture, run } from "./browser.mjs";

const [base, screenshots] = process.argv.slice(2);
const CASE_SECONDS_MAX = 240;

async function enter(browser, title, options = {}) {
  const page = await open(browser, options);
  await enterAs(page, base, title);
  page.setDefaultTimeout(20_000);
  page.clicks = 0;
  page.press = async (locator) => { page.clicks += 1; await locator.click(); };
  return page;
}

const row = (page, panel, text) => page.locator(`#${panel} li`).filter({ hasText: text }).first();
const waits = (page) => page.locator("#menu [data-tally=signing]").innerText().then(Number);

const cases = {
  "a chart opens from the agenda in one click": async (browser) => {
    const page = await enter(browser, "Fastlege");
    await page.press(row(page, "dagen", "Jonas Myklebust").getByRole("link", { name: "Jonas Myklebust" }));
    await page.locator(".banner h1").waitFor();
    assert(page.clicks === 1, `${page.clicks} clicks`);
  },

  "a result is signed in one click, and comes back when it is undone": async (browser) => {
    const page = await enter(browser, "Fastlege");
    const before = await waits(page);
    const result = row(page, "signering", "Jonas Myklebust");
    await page.press(result.getByRole("button", { name: /^Signer/ }));
    await page.locator("#signering .undoable").waitFor();
    assert(page.clicks === 1, `${page.clicks} clicks`);
    await page.waitForFunction((n) => Number(document.querySelector("#menu [data-tally=signing]").textContent) === n - 1, before);
    await assertSound(page, "signed");
    await picture(page, screenshots, "home-signed", false);
    await page.locator("#signering .undoable").getByRole("button", { name: "Angre" }).click();
    await row(page, "signering", "Jonas Myklebust").getByRole("button", { name: /^Signer/ }).waitFor();
    await page.waitForFunction((n) => Number(document.querySelector("#menu [data-tally=signing]").textContent) === n, before);
  },

  "a result says what was asked, and an answer that has not come in time stands out": async (browser) => {
    const page = await enter(browser, "Fastlege");
    const result = row(page, "signering", "Jonas Myklebust");
    const asked = await result.locator(".asked").innerText();
    assert(/^Bestilt .+: Årskontroll diabetes/.test(asked), asked);
    const late = page.locator(".unanswered li").first();
    assert((await late.innerText()).includes("svar ventet"), "it says since when");
    await page.press(late.getByRole("link", { name: /^Se bestillingen/ }));
    const order = page.locator(".rows li").filter({ hasText: "okkult blod" });
    await order.waitFor();
    await assertSound(page, "an order without answer");
    await page.goto(`${base}/pasienter?q=Jonas+Myklebust`);
    await page.locator("#hits a.hit").first().click();
    const answered = page.locator("#prover .waiting").filter({ hasText: "Årskontroll diabetes" });
    await answered.getByRole("link", { name: "Svar kommet" }).waitFor();
    await picture(page, screenshots, "chart-answered");
  },

  "a colleague's note is found among what is to be signed, read, and signed with one press": async (browser) => {
    const nurse = await enter(browser, "Sykepleier på sykehjem");
    await nurse.goto(`${base}/pasienter?q=Asbj%C3%B8rn+Lunde`);
    await nurse.locator("#hits a.hit").first().click();
    await nurse.locator(".banner h1").waitFor();
    await nurse.goto(`${base}${new URL(nurse.url()).pathname}/notat/ny`);
    await nurse.locator("#tekst").fill("Aktuelt: Urolig i natt, spiste lite til frokost.");
    await nurse.getByText(/^Lagret kl\. /).waitFor();
    await nurse.locator("details.more-signing summary").first().click();
    const doctors = nurse.locator("#medsigner option");
    const names = await doctors.allInnerTexts();
    const doctor = await enter(browser, "Sykehjemslege");
    const own = await doctor.locator("header").first().innerText();
    await nurse.locator("#medsigner").selectOption({ index: names.findIndex((name) => name && own.includes(name.split(",")[0])) });
    await nurse.locator("#notat-signer").click();
    await nurse.waitForURL((url) => !url.pathname.endsWith("/ny"));
    await nurse.locator(".co-signers").waitFor();

    await doctor.goto(base);
    const before = await waits(doctor);
    const asked = row(doctor, "signering", "Medsigner");
    await assertSound(doctor, "asked to sign a note");
    await picture(doctor, screenshots, "home-co-sign", false);
    await doctor.press(asked.getByRole("link", { name: /^Les og signer/ }));
    await doctor.getByText("Urolig i natt").waitFor();
    doctor.clicks = 0;
    doctor.clicks += 1;
    await doctor.keyboard.press("Control+Enter");
    await doctor.locator(".co-signers").getByText(/^Medsignert/).waitFor();
    assert(doctor.clicks === 1, "one press signs");
    await assertSound(doctor, "a note signed by two");
    await picture(doctor, screenshots, "home-co-signed", false);
    await doctor.goto(base);
    assert(await waits(doctor) === before - 1, "one fewer waits");
  },

  "a temp in home care sees the day's own patients, and one in one click": async (browser) => {
    const page = await enter(browser, "Vikar");
    const visits = page.locator("#dagen li a.whom");
    await visits.first().waitFor();
    await assertSound(page, "a temp's home");
    await picture(page, screenshots, "home-temp", false);
    await page.press(visits.first());
    await page.locator(".banner h1").waitFor();
    assert(page.clicks === 1, `${page.clicks} clicks`);
    // Who, risks, whom to call, what is new and what is taken: without scrolling.
    for (const what of [".banner h1", ".banner .ground", "#nytt h2", "#legemidler h2"]) {
      const box = await page.locator(what).first().boundingBox();
      assert(box && box.y + box.height <= 768, `${what} is below the fold`);
    }
    await picture(page, screenshots, "home-temp-patient", false);
  },

  "a message is answered in three clicks or fewer, shown before it is sent": async (browser) => {
    const page = await enter(browser, "Fastlege");
    const letter = row(page, "innboks", "Utslett av sensor");
    await page.press(letter.locator("summary"));
    const field = letter.locator("textarea");
    await page.waitForFunction(() => document.activeElement?.matches("#innboks textarea"));
    assert(await letter.getByText("Til Jonas Myklebust").isVisible(), "it says to whom");
    await assertSound(page, "an answer is written");
    await picture(page, screenshots, "home-answer", false);
    await field.fill("Prøv en plate under sensoren. Ta kontakt igjen om en uke.");
    await page.press(letter.getByRole("button", { name: "Send" }));
    await page.locator("#innboks .row-said").getByText("Svart kl.").waitFor();
    assert(page.clicks <= 3, `${page.clicks} clicks`);
    await assertSound(page, "an answer is sent");
  },

  "a result is followed up with a date and a message": async (browser) => {
    const page = await enter(browser, "Fastlege");
    const result = row(page, "signering", "Cathrine Rønning");
    await page.press(result.locator("summary"));
    await assertSound(page, "a follow-up is written");
    await picture(page, screenshots, "home-follow-up", false);
    await result.getByLabel(/^Melding til/).fill("Alle prøvene er fine.");
    await page.press(result.getByRole("button", { name: "Lagre og signer" }));
    await page.locator("#signering .row-said").getByText("Følges opp").waitFor();
    assert(page.clicks === 2, `${page.clicks} clicks`);
    // The task that it made comes by itself.
    await row(page, "oppgaver", "Ny prøve").waitFor();
  },

  "what the desk does comes without loading again, and nothing that is written is lost": async (browser) => {
    const doctor = await enter(browser, "Fastlege");
    const letter = doctor.locator("#innboks li.letter").first();
    await letter.locator("summary").click();
    await letter.locator("textarea").fill("Dette er ikke sendt ennå");
    const desk = await enter(browser, "Resepsjonist");
    const come = row(desk, "dagen", "Jonas Myklebust");
    await desk.press(come.getByRole("button", { name: /^Ankommet/ }));
    await row(desk, "dagen", "Jonas Myklebust").getByText("Har kommet").waitFor();
    assert(desk.clicks === 1, `${desk.clicks} clicks`);
    await row(doctor, "dagen", "Jonas Myklebust").getByText("Har kommet").waitFor({ timeout: 60_000 });
    assert(await letter.locator("textarea").inputValue() === "Dette er ikke sendt ennå", "the text is there");
    await assertSound(doctor, "somebody has come");
  },

  "the keyboard alone reaches pages, actions and patients": async (browser) => {
    const page = await enter(browser, "Fastlege");
    await page.keyboard.press("Control+k");
    await page.locator("#command[open]").waitFor();
    await assertSound(page, "the command box");
    await picture(page, screenshots, "home-command", false);
    await page.keyboard.type("sign");
    await page.locator("#command [aria-selected=true]").filter({ hasText: "Til signering" }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/signering$/);
    await assertSound(page, "the page of results");
    await page.keyboard.press("Control+k");
    await page.keyboard.type("solbakken ing");
    await page.locator("#command [role=option]").filter({ hasText: "Ingrid Solbakken" }).waitFor();
    await assertSound(page, "patients in the command box");
    await page.keyboard.press("Enter");
    await page.locator(".banner h1").waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("resept");
    await page.locator("#command [aria-selected=true]").filter({ hasText: "Resept" }).waitFor();
    await picture(page, screenshots, "home-command-chart", false);
    await page.keyboard.press("Escape");
    assert(await page.locator("#command").isHidden(), "Escape closes it");
    await page.keyboard.press("Control+k");
    await page.keyboard.type("qqqqq");
    await page.locator("#command [role=status]").getByText("Ingenting passer").waitFor();
    await assertSound(page, "nothing in the command box");
  },

  "acting works without JavaScript": async (browser) => {
    const page = await enter(browser, "Fastlege", { javaScriptEnabled: false });
    const task = row(page, "oppgaver", "Influensavaksine");
    await task.getByRole("button", { name: /^Ferdig/ }).click();
    await page.waitForURL(/gjort=/);
    await page.getByRole("button", { name: "Angre" }).first().click();
    await row(page, "oppgaver", "Influensavaksine").waitFor();
  },

  "every home is sound, light and dark, wide and narrow": async (browser) => {
    for (const title of ["Fastlege", "Sykehjemslege", "Helsesykepleier", "Resepsjonist", "Saksbehandler"]) {
      for (const colorScheme of ["light", "dark"]) {
        for (const width of [1366, 320]) {
          const viewport = { width, height: 768 };
          const page = await enter(browser, title, { viewport, colorScheme });
          const state = `${title} ${colorScheme} ${width}`;
          await assertSound(page, state);
          const whole = width !== 1366;
          const name = `home-${title.toLowerCase()}-${colorScheme}-${width}`;
          await picture(page, screenshots, name, whole);
          if (title === "Fastlege") {
            for (const address of ["/innboks", "/signering", "/?dag=enhet"]) {
              await page.goto(base + address);
              await assertSound(page, `${state} ${address}`);
            }
          }
          await page.context().close();
        }
      }
    }
  },
};

await run(cases, CASE_SECONDS_MAX, screenshots);
