// The privacy officer's work in the demo, in a real browser.
//
// node privacy.mjs BASE SCREENSHOTS
// Somebody tries journals that are not theirs; the privacy officer works through what stands out.

import { mkdirSync } from "node:fs";
import { assert, assertSound, assertWhole, enterAs, launch, open, picture } from "./browser.mjs";

const [base, screenshots] = process.argv.slice(2);
const CLICKS_MAX = 4;

const enter = (page, title) => enterAs(page, base, title);

mkdirSync(screenshots, { recursive: true });
const browser = await launch();
try {
  const curious = await open(browser);
  await enter(curious, "Vikar");
  for (let number = 1; number <= 12; number += 1) {
    await curious.goto(`${base}/pasient/fv-${String(number).padStart(5, "0")}`);
  }

  for (const colorScheme of ["light", "dark"]) {
    for (const [name, options] of Object.entries({
      wide: {},
      narrow: { viewport: { width: 320, height: 640 } },
    })) {
      const page = await open(browser, { colorScheme, ...options });
      await enter(page, "Personvernombud");
      await assertSound(page, `list, ${colorScheme}, ${name}`);
      await picture(page, screenshots, `privacy-list-${name}-${colorScheme}`);
      await page.locator(".cases a.choice").first().click();
      await page.waitForURL(/\/personvern\//);
      await assertSound(page, `case, ${colorScheme}, ${name}`);
      await picture(page, screenshots, `privacy-case-${name}-${colorScheme}`);
    }
  }
  console.log("ok   the list and a case are sound, light and dark, wide and narrow");

  // Without JavaScript, counted from home: open the case, decide.
  const page = await open(browser, { javaScriptEnabled: false });
  await enter(page, "Personvernombud");
  const before = await page.locator(".cases").first().locator("a.choice").count();
  assert(before > 0, "somebody stands out");
  let clicks = 0;
  const click = async (locator) => {
    clicks += 1;
    await locator.click();
  };
  await click(page.locator(".cases a.choice").first());
  await page.waitForURL(/\/personvern\//);
  const address = new URL(page.url()).pathname;
  await page.locator("#notat").fill("Ny på jobb, har fått veiledning.");
  await click(page.getByRole("button", { name: "I orden" }));
  await page.waitForURL(`${base}/personvern`);
  assert(clicks <= CLICKS_MAX, `${clicks} clicks`);
  const after = await page.locator(".cases").first().locator("a.choice").count();
  assert(after === before - 1, `${before} cases before, ${after} after`);
  await page.locator(`.cases a[href='${address}']`).click();
  assert(await page.getByText("Ny på jobb, har fått veiledning.").isVisible(), "the note is shown");
  await assertWhole(page, "decided");
  console.log(`ok   a case is investigated and decided in ${clicks} clicks, without JavaScript`);

  // One story of one person, decided at once.
  await page.goto(`${base}/personvern`);
  const waiting = await page.locator(".cases").first().locator("a.choice").count();
  const restless = page.locator(".cases a.choice").filter({ hasText: "på en time" });
  clicks = 0;
  await click(restless.first());
  await page.waitForURL(/\/personvern\//);
  const together = page.getByLabel(/^Gjelder også \d+ andre/);
  const others = Number((await page.locator("label.together").innerText()).match(/\d+/)[0]);
  assert(others > 5, `${others} others`);
  await click(together);
  await click(page.getByRole("button", { name: "Følges opp" }));
  await page.waitForURL(`${base}/personvern`);
  assert(clicks <= CLICKS_MAX, `${clicks} clicks`);
  const left = await page.locator(".cases").first().locator("a.choice").count();
  assert(left === waiting - others - 1, `${waiting} cases, ${others} others, ${left} left`);
  console.log(`ok   ${others + 1} looks of one person are decided in ${clicks} clicks`);
} catch (error) {
  console.log(`FAIL ${error.stack}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
