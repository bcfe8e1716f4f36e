// The copy for downtime, opened from disk with no server: open and locked, on a screen and on a phone.
//
// node downtime.mjs OPEN LOCKED SCREENSHOTS
// OPEN and LOCKED are folders that a demo has left. One case per sentence; prints each, exits 1 when one
// fails.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { assert, assertSound, open, picture, run } from "./browser.mjs";

const [openFolder, lockedFolder, screenshots] = process.argv.slice(2);
const CASE_SECONDS_MAX = 120;
const PASSPHRASE = "blå øy i Åfjord om våren";

const sheetOf = (folder, kind) => readdirSync(folder).find((name) => name.startsWith(kind));

/** A page that may ask for files of this folder and for nothing else. */
async function openFile(browser, folder, name, options = {}) {
  const page = await open(browser, options);
  page.removeAllListeners("request");
  const root = pathToFileURL(folder).href;
  page.on("request", (request) => {
    if (!request.url().startsWith(root)) page.faults.push(`asked someone else: ${request.url()}`);
  });
  await page.goto(pathToFileURL(join(folder, name)).href);
  return page;
}

const cases = {
  "the index leads to a ward with doses to tick": async (browser) => {
    const page = await openFile(browser, openFolder, "index.html");
    await assertSound(page, "the index");
    await picture(page, screenshots, "downtime-index");
    await page.getByRole("link", { name: /2\. etasje/ }).click();
    await page.getByText(/^Laget .+ kl\. \d\d\.\d\d$/).waitFor();
    const people = await page.locator("article.person").count();
    const overview = await page.locator(".overview tbody tr").count();
    assert(people > 5 && people === overview, `${people} people, ${overview} in the overview`);
    const boxes = await page.locator(".doses .tick .box").count();
    assert(boxes > 20, `${boxes} boxes`);
    await assertSound(page, "a ward");
    await picture(page, screenshots, "downtime-ward");
  },
  "a ward prints with the name on every page": async (browser) => {
    const page = await openFile(browser, openFolder, sheetOf(openFolder, "avdeling-"));
    await page.emulateMedia({ media: "print" });
    const again = page.locator(".again").first();
    assert(await again.isVisible(), "whose table it is, is not on paper");
    const pdf = await page.pdf({ path: join(screenshots, "downtime-ward.pdf"), preferCSSPageSize: true });
    assert(pdf.length > 10_000, "nothing was printed");
  },
  "a day list holds appointments and medicines": async (browser) => {
    const page = await openFile(browser, openFolder, sheetOf(openFolder, "dagliste-"));
    await page.getByRole("columnheader", { name: "Møtt" }).first().waitFor();
    await page.getByText("Legemiddelliste").first().waitFor();
    await assertSound(page, "a day list");
    await picture(page, screenshots, "downtime-agenda");
  },
  "it holds in the dark and on a phone": async (browser) => {
    for (const [state, options] of [
      ["dark", { colorScheme: "dark" }],
      ["phone", { viewport: { width: 320, height: 640 } }],
    ]) {
      const page = await openFile(browser, openFolder, sheetOf(openFolder, "avdeling-"), options);
      await assertSound(page, `a ward, ${state}`);
      await picture(page, screenshots, `downtime-${state}`, false);
    }
  },
  "it is read without scripts": async (browser) => {
    const name = sheetOf(openFolder, "avdeling-");
    const page = await openFile(browser, openFolder, name, { javaScriptEnabled: false });
    assert(await page.locator("article.person").count() > 5, "nobody is there");
  },
  "a locked sheet opens with its passphrase alone": async (browser) => {
    const name = sheetOf(lockedFolder, "avdeling-");
    const open = readFileSync(join(openFolder, name), "utf8");
    const locked = readFileSync(join(lockedFolder, name), "utf8");
    const person = /<article class="person[^"]*"><header><h2>.*?<\/span> ([^<]+)<\/h2>/.exec(open)[1];
    assert(!locked.includes(person), "a name is in the clear");
    const page = await openFile(browser, lockedFolder, name);
    const field = page.getByLabel("Passordfrase for nødkopien");
    await page.getByText(/^Laget .+ kl\. \d\d\.\d\d$/).waitFor();
    await assertSound(page, "a locked ward");
    await picture(page, screenshots, "downtime-locked");
    await field.fill("en helt annen passordfrase");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").filter({ hasText: "feil" }).waitFor();
    assert(await page.getByText(person).count() === 0, "it opened");
    await assertSound(page, "a wrong passphrase");
    await field.fill(PASSPHRASE);
    await page.getByRole("button", { name: "Åpne" }).click();
    await page.getByText(person).first().waitFor();
    assert(await page.locator("article.person").count() > 5, "not all are there");
    await assertSound(page, "an opened ward");
    await picture(page, screenshots, "downtime-opened");
  },
};

await run(cases, CASE_SECONDS_MAX, screenshots);
