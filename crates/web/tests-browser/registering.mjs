// Registering a patient, and opening by the number somebody whom no search shows, in the demo in a
// real browser.
//
// node registering.mjs BASE SCREENSHOTS PROTECTED
// `PROTECTED` is the number of somebody with a confidential address. Clicks are counted from home:
// taps, clicks and Enter, a choice in a list as two; typing not.

import { mkdirSync } from "node:fs";
import { assert, assertSound, assertWhole, enterAs, launch, open, picture } from "./browser.mjs";

const [base, screenshots, hidden] = process.argv.slice(2);
const CLICKS_MAX = 5;
const OPEN_CLICKS_MAX = 2;
const NUMBER = "02013299997";

const enter = (page, title) => enterAs(page, base, title);

mkdirSync(screenshots, { recursive: true });
const browser = await launch();
try {
  for (const colorScheme of ["light", "dark"]) {
    for (const [name, options] of Object.entries({
      wide: {},
      narrow: { viewport: { width: 320, height: 640 } },
    })) {
      const page = await open(browser, { colorScheme, ...options });
      const shoot = async (state) => {
        await assertSound(page, `${state}, ${colorScheme}, ${name}`);
        await picture(page, screenshots, `registering-${state}-${name}-${colorScheme}`);
      };
      await enter(page, "Sykepleier");
      await page.goto(`${base}/pasienter?q=${NUMBER}`);
      await shoot("none");
      await page.goto(`${base}/pasienter/ny`);
      await shoot("form");
      await page.locator("form.hiring button").click();
      await page.getByRole("alert").first().waitFor();
      page.faults = page.faults.filter((fault) => !fault.includes("400"));
      await shoot("faults");
      await page.goto(`${base}/pasienter?q=${hidden}`);
      await shoot("hidden");
      await page.context().close();
    }
  }
  console.log("ok   every state is sound, light and dark, wide and narrow");

  for (const [title, javaScriptEnabled] of [["Sykepleier", true], ["Resepsjonist", false]]) {
    const page = await open(browser, { javaScriptEnabled });
    await enter(page, title);
    let clicks = 0;
    const press = async (locator) => { clicks += 1; await locator.click(); };
    const number = javaScriptEnabled ? NUMBER : "02013299903";
    await page.locator("#q").fill(number);
    if (!javaScriptEnabled) {
      clicks += 1;
      await page.locator("#q").press("Enter");
    }
    await press(page.getByRole("link", { name: "Registrer pasient" }));
    await page.waitForURL(/\/pasienter\/ny/);
    assert((await page.locator("#nummer").inputValue()) === number, "the number comes along");
    await page.locator("#fornavn").fill("Berit Aud");
    await page.locator("#etternavn").fill("Nyland");
    await page.locator("#fodt").fill("1932-01-02");
    clicks += 2;
    await page.locator("#kjonn").selectOption("female");
    await page.locator("#adresse").fill("Storgata 1");
    await press(page.getByRole("button", { name: "Registrer", exact: true }));
    await page.waitForURL(/\/pasient\//);
    assert((await page.locator(".banner h1").innerText()).includes("Berit Aud Nyland"), "the journal is open");
    await assertWhole(page, "the new journal");
    assert(clicks <= CLICKS_MAX, `${clicks} clicks`);
    console.log(`ok   ${title}: registered in ${clicks} clicks`);
  }

  const page = await open(browser);
  await enter(page, "Sykehjemslege");
  let clicks = 0;
  await page.keyboard.press("/");
  await page.keyboard.type(hidden);
  await page.getByText("er registrert, men vises ikke").waitFor();
  clicks += 1;
  await page.getByRole("button", { name: "Åpne i nødsituasjon" }).click();
  await page.locator(".banner h1").waitFor();
  assert((await page.locator(".banner .ground").innerText()).includes("øyeblikkelig hjelp"), "the ground");
  assert(clicks <= OPEN_CLICKS_MAX, `${clicks} clicks`);
  await assertSound(page, "opened by the number");
  console.log(`ok   somebody with a confidential address opens by the number in ${clicks} clicks`);
} catch (error) {
  console.log(`FAIL ${error.stack}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
