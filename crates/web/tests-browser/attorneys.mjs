// Powers of attorney, and the message after an emergency, on the citizen's pages of the demo in a
// real browser.
//
// node attorneys.mjs BASE SCREENSHOTS PEOPLE
// `PEOPLE` is JSON: whom one can log in as, with `name`, `title` and `number`.

import { mkdirSync } from "node:fs";
import { assert, assertSound, assertWhole, launch, open, picture } from "./browser.mjs";

const [base, screenshots, list] = process.argv.slice(2);
const people = JSON.parse(list);
const as = (title) => people.find((person) => person.title === title);
const [citizen, other, temp] = ["Innbygger", "Verge", "Vikar"].map(as);
const CLICKS_MAX = 2;

async function enter(options, person) {
  const page = await open(browser, options);
  await page.goto(base);
  await page.waitForURL(/\/logg-inn/);
  await page.locator("button.choice").filter({ has: page.locator("b", { hasText: person.name }) })
    .first().click();
  await page.waitForURL((url) => !url.pathname.startsWith("/logg-inn"));
  return page;
}

mkdirSync(screenshots, { recursive: true });
const browser = await launch();
try {
  const plain = { javaScriptEnabled: false };
  const mine = await enter(plain, citizen);
  let clicks = 0;
  const press = async (locator) => { clicks += 1; await locator.click(); };
  await press(mine.getByRole("link", { name: "Fullmakter" }));
  await mine.locator("#nummer").fill(other.number);
  await mine.locator("#navn").fill(other.name);
  await press(mine.getByRole("button", { name: "Gi fullmakt" }));
  await mine.locator("section[aria-labelledby=gitt]").getByText(other.name).waitFor();
  assert(clicks <= CLICKS_MAX, `${clicks} clicks`);
  const theirs = await enter(plain, other);
  const card = theirs.locator("article.card").filter({ hasText: citizen.name });
  await card.getByRole("link", { name: "Se journalen" }).click();
  await theirs.locator(".banner h1").waitFor();
  assert((await theirs.locator(".banner .ground").innerText()).includes("fullmakt"), "the ground");
  await assertWhole(theirs, "the attorney's view");
  await mine.getByRole("button", { name: "Trekk tilbake" }).click();
  await mine.getByText("Ingen har fullmakt.").waitFor();
  const answer = await theirs.goto(theirs.url());
  assert(answer.status() === 404, `after it was taken back: ${answer.status()}`);
  await theirs.goto(base);
  assert((await theirs.locator("article.card").filter({ hasText: citizen.name }).count()) === 0,
    "it is gone from the attorney's home");
  console.log(`ok   given in ${clicks} clicks, used, taken back, without JavaScript`);

  const worker = await enter({}, temp);
  await worker.goto(`${base}/pasienter?q=${encodeURIComponent(citizen.name)}`);
  await worker.locator("#hits a.hit").first().click();
  await worker.getByRole("button", { name: "Åpne i nødsituasjon" }).click();
  await worker.locator(".banner h1").waitFor();
  for (const colorScheme of ["light", "dark"]) {
    for (const [name, options] of Object.entries({
      wide: {},
      narrow: { viewport: { width: 320, height: 640 } },
    })) {
      const page = await enter({ colorScheme, ...options }, citizen);
      const told = await page.locator("section.notice").first().innerText();
      assert(told.includes(temp.name) && told.includes("Øyeblikkelig hjelp"), told);
      const shoot = async (state) => {
        await assertSound(page, `${state}, ${colorScheme}, ${name}`);
        await picture(page, screenshots, `${state}-${name}-${colorScheme}`);
      };
      await shoot("home-notice");
      await page.getByRole("link", { name: "Fullmakter" }).click();
      await shoot("attorneys");
      await page.locator("#til").fill("");
      await page.getByRole("button", { name: "Gi fullmakt" }).click();
      await page.getByText("høyst fem år fram").waitFor();
      page.faults = page.faults.filter((fault) => !fault.includes("400"));
      await shoot("attorneys-faults");
      await page.context().close();
    }
  }
  console.log("ok   the message of an emergency and every state are sound, light and dark");
} catch (error) {
  console.log(`FAIL ${error.stack}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
