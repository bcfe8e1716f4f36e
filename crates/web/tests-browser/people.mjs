// The administrator's work in the demo, in a real browser: a new employee, one more role, the end of
// a role.
//
// node people.mjs BASE SCREENSHOTS
// Clicks are counted from the administrator's home: taps, clicks and Enter, a choice in a list as
// two; typing not. Without JavaScript, then every state light and dark, wide and narrow.

import { mkdirSync } from "node:fs";
import { assert, assertSound, assertWhole, enterAs, launch, open, picture } from "./browser.mjs";

const [base, screenshots] = process.argv.slice(2);
const CLICKS_MAX = 6;
const NEW_HPR = "560123456";

const enter = (page, title) => enterAs(page, base, title);

mkdirSync(screenshots, { recursive: true });
const browser = await launch();
try {
  const page = await open(browser, { javaScriptEnabled: false });
  await enter(page, "Administrator");
  let clicks = 0;
  const press = async (locator) => { clicks += 1; await locator.click(); };
  const choose = async (locator, label) => { clicks += 2; await locator.selectOption({ label }); };
  const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

  await press(page.locator("#main").getByRole("link", { name: "Ny ansatt" }));
  // The first field has the focus, the next one is a Tab away: none of it needs a click.
  await page.locator("#nummer").fill(NEW_HPR);
  await page.locator("#fornavn").fill("Aud Marie");
  await page.locator("#etternavn").fill("Moen");
  await press(page.getByLabel("Sykepleier", { exact: true }));
  await choose(page.locator("#enhet"), "Hjemmetjenesten Vest");
  await page.locator("#til").fill(day(40));
  await press(page.getByRole("button", { name: "Registrer og gi tilgang" }));
  await page.waitForURL(/\/ansatte\/[^/]+\?sagt=ny/);
  assert(clicks <= CLICKS_MAX, `a new employee took ${clicks} clicks`);
  assert((await page.locator("h1").innerText()) === "Aud Marie Moen", "the person is shown");
  await assertWhole(page, "the new employee");
  const address = new URL(page.url()).pathname;
  console.log(`ok   a new employee in ${clicks} clicks, without JavaScript`);

  await page.goto(base);
  const soon = page.locator("ul.staff").first();
  assert((await soon.innerText()).includes("Aud Marie Moen"), "who leaves soon stands first");
  clicks = 0;
  await press(page.locator("#main").getByRole("link", { name: "Ny ansatt" }));
  await page.locator("#nummer").fill(NEW_HPR);
  await press(page.getByLabel("Resepsjonist", { exact: true }));
  await choose(page.locator("#enhet"), "Furutun sykehjem");
  await press(page.getByRole("button", { name: "Registrer og gi tilgang" }));
  await page.getByText("Nummeret tilhører Aud Marie Moen").waitFor();
  await press(page.getByRole("button", { name: "Gi rollen" }));
  await page.waitForURL(/sagt=ny/);
  assert(clicks <= CLICKS_MAX, `one more role took ${clicks} clicks`);
  console.log(`ok   one more role for somebody who works here in ${clicks} clicks`);

  await page.goto(base);
  clicks = 0;
  await press(page.locator(`a[href="${address}"]`).first());
  await press(page.locator("article.post").filter({ hasText: "Resepsjonist" })
    .getByRole("button", { name: "Avslutt nå" }));
  await page.getByText("Rollen er avsluttet").waitFor();
  assert((await page.locator("section[aria-labelledby=avsluttede]").innerText()).includes("Resepsjonist"),
    "the ended role is told");
  console.log(`ok   a role is ended in ${clicks} clicks`);

  // By keyboard alone: Tab to the fields, arrows in the roles, Enter sends the form.
  const keys = await open(browser);
  await enter(keys, "Administrator");
  await keys.goto(`${base}/ansatte/ny`);
  await keys.keyboard.type("1234");
  await keys.keyboard.press("Enter");
  await keys.getByText("sju til ni siffer").waitFor();
  keys.faults = keys.faults.filter((fault) => !fault.includes("400"));
  assert((await keys.locator("#nummer").inputValue()) === "1234", "what was typed stays");
  await assertSound(keys, "the form with faults");
  console.log("ok   the keyboard alone sends the form, and faults are told");

  for (const colorScheme of ["light", "dark"]) {
    for (const [name, options] of Object.entries({
      wide: {},
      narrow: { viewport: { width: 320, height: 640 } },
    })) {
      const look = await open(browser, { colorScheme, ...options });
      await enter(look, "Administrator");
      const shoot = async (state) => {
        await assertSound(look, `${state}, ${colorScheme}, ${name}`);
        await picture(look, screenshots, `people-${state}-${name}-${colorScheme}`);
      };
      await shoot("list");
      await look.goto(`${base}/ansatte?q=finnesikke`);
      await shoot("none");
      await look.goto(base + address);
      await shoot("employee");
      await look.goto(`${base}/ansatte/ny`);
      await shoot("new");
      await look.locator("form.hiring button").click();
      await look.getByRole("alert").first().waitFor();
      look.faults = look.faults.filter((fault) => !fault.includes("400"));
      await shoot("faults");
      await look.context().close();
    }
  }
  console.log("ok   every state is sound, light and dark, wide and narrow");
} catch (error) {
  console.log(`FAIL ${error.stack}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
