// What a chart tells over time: vaccines due, a child's growth, trends side by side and a part of them.
//
// node course.mjs BASE SCREENSHOTS
// On the demo: Emil, two years old, and Ingrid with many results. Every state is sound at two widths, in
// light and dark; windows of time are in the address, so that back works.

import { assert, assertSound, assertWhole, enterAs, open, picture, run } from "./browser.mjs";

const [base, screenshots] = process.argv.slice(2);
const CASE_SECONDS_MAX = 240;
const [child, old] = ["fv-00003", "fv-00001"];
const NARROW = { viewport: { width: 320, height: 640 } };

async function enter(browser, title, options = {}) {
  const page = await open(browser, options);
  await enterAs(page, base, title);
  return page;
}

/** Every look: both widths, light and dark. */
async function looks(browser, title, name, path, prepare = async () => {}) {
  for (const scheme of ["light", "dark"]) {
    for (const [width, options] of Object.entries({ wide: {}, narrow: NARROW })) {
      const page = await enter(browser, title, { colorScheme: scheme, ...options });
      await page.goto(`${base}${path}`);
      await prepare(page);
      await assertSound(page, `${name}, ${scheme}, ${width}`);
      await picture(page, screenshots, `${name}-${width}-${scheme}`);
      await page.context().close();
    }
  }
}

const cases = {
  "what is due of vaccines stands in the chart, and what it is from": async (browser) => {
    const page = await enter(browser, "Fastlege");
    await page.goto(`${base}/pasient/${old}`);
    const section = page.locator("#vaksiner");
    await section.getByText("Influensa, årets vaksine").waitFor();
    await section.getByText("Ingen doser er registrert: må vurderes.").waitFor();
    assert((await section.getByText("Rotavirus").count()) === 0, "the old are not asked for rotavirus");
    await looks(browser, "Helsesykepleier", "vaccines", `/pasient/${child}/vaksiner`, async (one) => {
      await one.getByText("Difteri, stivkrampe, kikhoste og polio, dose 4").waitFor();
      await one.getByText("fra 15.08.").first().waitFor();
      assert((await one.getByText("forfalt").count()) === 0, "Emil has all that he should");
      assert((await one.locator("a[href^='https://']").count()) > 3, "the sources are there");
    });
  },

  "a parent reads what comes in plain words and three languages": async (browser) => {
    const page = await enter(browser, "Forelder", { viewport: { width: 390, height: 844 } });
    for (const [language, word] of [["nn", "Seinare"], ["en", "Later"], ["nb", "Senere"]]) {
      // The languages stand with what else there is.
      await page.goto(`${base}/min/${child}/mer`);
      await page.locator(`form[action="/sprak"] button[value="${language}"]`).click();
      await page.locator(`html[lang="${language}"]`).waitFor();
      await page.goto(`${base}/min/${child}/journal/vaksiner`);
      await page.getByRole("heading", { name: word, exact: true }).waitFor();
      await assertSound(page, `vaccines in ${language}`);
    }
    await picture(page, screenshots, "vaccines-parent");
  },

  "a child's growth is drawn and told in words, without JavaScript too": async (browser) => {
    const page = await enter(browser, "Helsesykepleier", { javaScriptEnabled: false });
    await page.goto(`${base}/pasient/${child}`);
    await page.getByRole("link", { name: "Vekstkurver" }).click();
    await page.waitForURL(/\/vekst$/);
    await page.getByText("WHOs vekststandard 2006").waitFor();
    const weight = page.locator("section", { has: page.getByRole("heading", { name: "Vekt", exact: true }) });
    assert((await weight.locator("svg.figure-wide .percentile").count()) === 7, "seven percentiles");
    const rows = await weight.locator("tbody tr").count();
    assert(rows >= 8, `${rows} weights`);
    assert(/percentilen \(z /.test(await weight.locator("tbody tr").first().innerText()), "where it lies");
    const said = await weight.locator("svg.figure-wide desc").textContent();
    assert(/\d målinger\. Første: /.test(said), said);
    await page.getByRole("link", { name: "0–2 år" }).click();
    await page.waitForURL(/alder=0-2/);
    const dots = await weight.locator("svg.figure-wide circle").count();
    assert(dots > 3 && dots < rows + 1, `${dots} of ${rows} lie in the window`);
    await assertWhole(page, "growth without JavaScript");
    await page.getByRole("link", { name: "5–19 år" }).click();
    await page.getByText("Vekststudien i Bergen").waitFor();
    await page.getByText("Ingen målinger i dette aldersvinduet.").first().waitFor();
  },

  "growth is sound wherever it is read": async (browser) => {
    await looks(browser, "Helsesykepleier", "growth", `/pasient/${child}/vekst`, async (page) => {
      await page.getByText("WHOs vekststandard 2006").waitFor();
    });
  },

  "analyses are laid on one axis of time, without JavaScript": async (browser) => {
    const page = await enter(browser, "Fastlege", { javaScriptEnabled: false });
    await page.goto(`${base}/pasient/${old}/trend/29463-7`);
    await page.getByText("Sammenlign med andre").click();
    await page.getByLabel("Blodtrykk").check();
    await page.getByLabel("P-Kreatinin").check();
    await page.getByRole("button", { name: "Vis sammen" }).click();
    await page.waitForURL(/med=/);
    const axes = await page.locator("svg.figure-wide[data-low]").evaluateAll((all) =>
      all.map((svg) => `${svg.dataset.low} ${svg.dataset.high}`));
    assert(axes.length >= 3 && new Set(axes).size === 1, `one axis: ${axes.join("; ")}`);
    await page.getByRole("link", { name: "Siste år" }).click();
    await page.waitForURL(/periode=1.*med=.*med=/);
    assert(await page.getByRole("heading", { name: "P-Kreatinin" }).isVisible(), "it stays beside");
    await page.goBack();
    await page.waitForURL((url) => !url.search.includes("periode=1"));
    await assertWhole(page, "trends without JavaScript");
  },

  "dragging over a curve shows that part, and back shows the whole": async (browser) => {
    const page = await enter(browser, "Fastlege");
    await page.goto(`${base}/pasient/${old}/trend/29463-7?med=85354-9`);
    const whole = page.url();
    const figure = page.locator(".zoomable.can-drag svg.figure-wide").first();
    const box = await figure.boundingBox();
    const before = await page.locator("tbody").first().locator("tr").count();
    await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.8, box.y + box.height / 2, { steps: 4 });
    await picture(page, screenshots, "trend-dragging", false);
    await page.mouse.up();
    await page.waitForURL(/fra=\d{4}-\d\d-\d\d&til=\d{4}-\d\d-\d\d/);
    assert(page.url().includes("med=85354-9"), "what lies beside stays");
    const after = await page.locator("tbody").first().locator("tr").count();
    assert(after < before, `${after} of ${before} rows lie in the part`);
    const current = await page.locator(".chip[aria-current]").innerText();
    assert(/\d\d\.\d\d\.\d{4}–\d\d\.\d\d\.\d{4}/.test(current), `the part is named: ${current}`);
    await page.goBack();
    await page.waitForURL(whole);
    // A click is no drag.
    await figure.click();
    assert(page.url() === whole, "a click changes nothing");
  },

  "trends side by side are sound wherever they are read": async (browser) => {
    const path = `/pasient/${old}/trend/29463-7?med=85354-9&med=NPU04998&periode=5`;
    await looks(browser, "Fastlege", "trends", path, async (page) => {
      await page.getByText("Sammenlign med andre").click();
    });
  },

  "the search says which files it reads": async (browser) => {
    const page = await enter(browser, "Fastlege");
    await page.goto(`${base}/pasient/${old}/sok?ord=tungpust`);
    await page.getByText("Skannede sider og bilder er ikke det.").waitFor();
    await assertSound(page, "the search's page");
  },
};

await run(cases, CASE_SECONDS_MAX, screenshots);
