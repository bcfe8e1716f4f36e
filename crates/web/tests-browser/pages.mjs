// The pages in a real browser against a real server.
//
// node pages.mjs BASE SCREENSHOTS PATIENT_ID QUERY [FULL_QUERY]
// One case per sentence; prints each, exits 1 when one fails. `QUERY` finds the patient by name;
// `FULL_QUERY` finds one with a very full chart, when there is one. How long they take is measured by
// `cargo xtask bench`.

import { assert, assertSound, assertWhole, open, picture, run } from "./browser.mjs";

const [base, screenshots, patient, query, fullQuery] = process.argv.slice(2);
const CLICKS_MAX = 3;
const CASE_SECONDS_MAX = 240;
const chart = `${base}/pasient/${patient}`;

const cases = {
  "a chart is found and opened in three clicks or fewer": async (browser) => {
    const page = await open(browser);
    await page.goto(base);
    let clicks = 0;
    const click = (locator) => { clicks += 1; return locator.click(); };
    // The search box has the focus: typing needs no click.
    await page.keyboard.type(query);
    await page.locator("#hits .hit").first().waitFor();
    await click(page.locator(`#hits a[href="/pasient/${patient}"]`));
    await page.waitForURL(chart);
    assert(await page.locator(".banner h1").isVisible(), "the banner has the name");
    assert(clicks <= CLICKS_MAX, `${clicks} clicks`);
  },

  "the keyboard alone finds, opens, unfolds and reads": async (browser) => {
    const page = await open(browser);
    await page.goto(chart);
    await page.keyboard.press("Tab");
    const first = await page.evaluate(() => document.activeElement.className);
    assert(first.includes("ds-skip-link"), `the first stop is the skip link, not ${first}`);
    await page.keyboard.press("/");
    await page.keyboard.type(query);
    await page.locator("#hits .hit").first().waitFor();
    await assertSound(page, "hits over the chart");
    await page.keyboard.press("Escape");
    assert((await page.locator("#hits .hit").count()) === 0, "Escape closes the hits");
    await page.keyboard.type(" ");
    await page.goto(base);
    await page.keyboard.type(query);
    await page.locator("#hits .hit").first().waitFor();
    await page.keyboard.press("ArrowDown");
    const focused = await page.evaluate(() => document.activeElement.className);
    assert(focused === "hit", `arrow down goes to the first hit, not ${focused}`);
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert(outline !== "none", "the focus is visible");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/pasient\//);
    const more = page.locator("a.more").first();
    const section = await more.evaluate((link) => link.closest("section").id);
    await more.focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(
      (id) => document.activeElement?.id === `${id}-h`, section, { timeout: 5000 });
    await assertSound(page, `${section} unfolded`);
  },

  "no keystroke is lost, and what was closed stays closed": async (browser) => {
    // On a slow machine `autofocus` alone came late most of the time.
    for (let time = 0; time < 4; time += 1) {
      const slow = await open(browser);
      const devtools = await slow.context().newCDPSession(slow);
      await devtools.send("Emulation.setCPUThrottlingRate", { rate: 6 });
      await slow.addInitScript(() => {
        const note = () => { window.focusedFirst = document.activeElement?.id; };
        document.addEventListener("DOMContentLoaded", note, { once: true });
      });
      await slow.goto(base);
      const first = await slow.evaluate(() => window.focusedFirst);
      assert(first === "q", `the search box has the focus before the page is loaded, not "${first}"`);
      await slow.context().close();
    }
    const page = await open(browser);
    await page.goto(chart);
    await page.keyboard.press("/");
    await page.keyboard.type(query);
    await page.locator("#hits .hit").first().waitFor();
    let letThrough;
    const opened = new Promise((resolve) => { letThrough = resolve; });
    await page.route("**/pasienter?**", async (route) => { await opened; await route.continue(); });
    const asked = page.waitForRequest("**/pasienter?**");
    await page.keyboard.type(" ");
    const late = (await asked).response();
    await page.keyboard.press("Escape");
    letThrough();
    await (await late).finished();
    await page.waitForTimeout(200);
    assert((await page.locator("#hits .hit").count()) === 0, "a late answer opens the hits again");
    await page.keyboard.press("Backspace");
    await page.locator("#hits .hit").first().waitFor();
  },

  "reading works without JavaScript": async (browser) => {
    const page = await open(browser, { javaScriptEnabled: false });
    await page.goto(base);
    await page.locator("#q").fill(query);
    await page.locator("#q").press("Enter");
    await page.waitForURL(/\/pasienter\?/);
    await assertWhole(page, "results without JavaScript");
    await page.locator(`a[href="/pasient/${patient}"]`).click();
    await page.waitForURL(chart);
    await assertWhole(page, "chart without JavaScript");
    await page.locator("#kontakter a.more").click();
    await page.waitForURL(/\/kontakter$/);
    await assertWhole(page, "contacts without JavaScript");
    const year = await page.locator("#ar option").nth(1).getAttribute("value");
    await page.locator("#ar").selectOption(year);
    await page.locator("form.narrow button").click();
    await page.waitForURL(new RegExp(`ar=${year}`));
    await page.goto(chart);
    await page.locator("#dokumenter .documents a").first().click();
    await page.waitForURL(/\/dokument\//);
    assert(await page.locator("article.document").isVisible(), "the document is there");
    await assertWhole(page, "document without JavaScript");
  },

  "every state of every page is sound, and pictures are taken": async (browser) => {
    for (const scheme of ["light", "dark"]) {
      for (const [name, options] of Object.entries({
        wide: {},
        narrow: { viewport: { width: 320, height: 640 } },
        zoomed: { viewport: { width: 683, height: 384 }, deviceScaleFactor: 2 },
      })) {
        const page = await open(browser, { colorScheme: scheme, ...options });
        const look = async (state) => {
          await assertSound(page, `${state}, ${scheme}, ${name}`);
          await picture(page, screenshots, `${state}-${name}-${scheme}`);
        };
        await page.goto(base);
        await look("start");
        await page.goto(`${base}/pasienter?q=${encodeURIComponent(query)}`);
        await look("results");
        await page.goto(`${base}/pasienter?q=finnesikke%20ingen`);
        await look("no-results");
        await page.goto(chart);
        await look("chart");
        await picture(page, screenshots, `chart-${name}-${scheme}-first`, false);
        // Sections differ by width, not by colour.
        for (const section of scheme === "dark" || name === "zoomed" ? [] : ["nytt", "diagnoser", "legemidler", "prover", "malinger",
          "kartlegging", "kontakter", "dokumenter", "vaksiner", "prosedyrer", "planer", "innsyn"]) {
          await page.goto(`${chart}/${section}`);
          await look(`section-${section}`);
        }
        await page.goto(chart);
        await page.locator("#malinger th.name a").first().click();
        await page.waitForURL(/\/trend\//);
        await look("trend");
        await page.goto(`${base}/pasient/finnes-ikke`).catch(() => {});
        page.faults = page.faults.filter((fault) => !fault.includes("404"));
        await look("not-found");
        await page.context().close();
      }
    }
  },

  "contacts are filtered in place": async (browser) => {
    const page = await open(browser);
    await page.goto(chart);
    const chip = page.locator("#kontakter .chip").nth(1);
    const label = (await chip.innerText()).trim();
    await chip.click();
    await page.locator("#kontakter [role=status]").waitFor();
    const current = await page.locator("#kontakter .chip[aria-current]").first().innerText();
    assert(current.trim() === label, `${current} is marked, ${label} was chosen`);
    assert(page.url() === chart, "the page stayed");
    await page.locator("#ar").selectOption({ index: 1 });
    await page.waitForFunction(() => document.querySelector("#ar")?.value !== "");
    await assertSound(page, "filtered contacts");
    await picture(page, screenshots, "contacts-filtered");
  },

  "a document opens and closes in place": async (browser) => {
    const page = await open(browser);
    await page.goto(chart);
    await page.locator("#dokumenter .documents a").first().click();
    await page.locator(".reading article.document").waitFor();
    await assertSound(page, "document in place");
    await picture(page, screenshots, "document-in-place");
    await page.locator(".reading .close").click();
    assert((await page.locator(".reading article").count()) === 0, "it closed");
  },

  "the chart prints": async (browser) => {
    const page = await open(browser);
    await page.goto(chart);
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize({ width: 720, height: 1020 });
    await assertSound(page, "chart on paper");
    assert(!(await page.locator(".top").isVisible()), "the top bar stays off paper");
    assert(await page.locator(".flags").isVisible(), "what can kill is on paper");
    await picture(page, screenshots, "chart-print");
  },

  "forced colours and reduced motion keep everything readable": async (browser) => {
    const page = await open(browser, { forcedColors: "active", reducedMotion: "reduce" });
    await page.goto(chart);
    await assertSound(page, "chart in forced colours");
    await picture(page, screenshots, "chart-forced-colours");
  },

  "the journal is not kept by the browser, assets are, and the timing is told": async (browser) => {
    const page = await open(browser);
    const answer = await page.goto(chart);
    const headers = answer.headers();
    assert(headers["cache-control"] === "no-store", headers["cache-control"]);
    assert(headers["content-security-policy"].includes("default-src 'none'"), "the policy is strict");
    assert(/read;dur=/.test(headers["server-timing"]), "the timing is told");
    const style = await page.locator("link[rel=stylesheet]").getAttribute("href");
    const asset = await page.request.get(base + style, { headers: { "accept-encoding": "gzip" } });
    assert(asset.headers()["cache-control"].includes("immutable"), "assets are kept");
    assert(asset.headers()["content-encoding"] === "gzip", "assets are compressed");
    const again = await page.request.get(base + style, {
      headers: { "accept-encoding": "gzip", "if-none-match": asset.headers()["etag"] },
    });
    assert(again.status() === 304, `a known asset answers ${again.status()}`);
  },
};

if (fullQuery) {
  cases["a very full chart is sound"] = async (browser) => {
    for (const width of [1366, 320]) {
      const page = await open(browser, { viewport: { width, height: 768 } });
      await page.goto(`${base}/pasienter?q=${encodeURIComponent(fullQuery)}`);
      await page.locator("#hits .hit").first().click();
      await page.waitForURL(/\/pasient\//);
      await assertSound(page, `a very full chart at ${width} px`);
      await picture(page, screenshots, `full-chart-${width}`);
    }
  };
}

await run(cases, CASE_SECONDS_MAX, screenshots);
