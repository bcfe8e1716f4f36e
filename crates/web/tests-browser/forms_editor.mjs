// The administrator's forms in the demo, in a real browser: a form made and published, changed in a next
// version, two at once, undo, a file.
//
// node forms_editor.mjs BASE SCREENSHOTS
// Clicks are counted from the administrator's home: taps, clicks and Enter; typing not.

import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertSound, assertWhole, enterAs, open, picture, run } from "./browser.mjs";

const [base, screenshots] = process.argv.slice(2);
const CLICKS_MAX = 9;

const enter = (page) => enterAs(page, base, "Administrator");
const stored = (page) => page.locator("#lagret", { hasText: /Lagret \d/ }).waitFor();
const expected = (page, status) => {
  page.faults = page.faults.filter((fault) => !fault.includes(status));
};

async function begin(page, title) {
  await page.goto(`${base}/skjemaer`);
  await page.locator("#tittel").fill(title);
  await page.keyboard.press("Enter");
  await page.locator("#ny-tekst").waitFor();
}

async function ask(page, words, kind, options) {
  await page.locator("#ny-tekst").fill(words);
  if (kind) await page.locator("#nytt-punkt").getByLabel(kind, { exact: true }).check();
  if (options) await page.locator("#ny-alternativer").fill(options);
  await page.getByRole("button", { name: "Legg til" }).click();
  await page.locator("summary", { hasText: words }).waitFor();
}

/** Three questions from the home page to published, by few clicks. */
async function published(browser) {
  const page = await open(browser);
  await enter(page);
  let clicks = 0;
  const press = async (locator) => { clicks += 1; await locator.click(); };
  const enterKey = async () => { clicks += 1; await page.keyboard.press("Enter"); };
  await press(page.locator("#menu").getByRole("link", { name: "Skjemaer" }));
  await page.locator("#tittel").fill("Hjemmebesøk");
  await enterKey();
  for (const [words, kind] of [
    ["Hva trenger du hjelp til?", null],
    ["Bor du alene?", "Ja eller nei"],
    ["Har du trapper?", null],
  ]) {
    const field = page.locator("#ny-tekst");
    await field.waitFor();
    assert(await field.evaluate((one) => one === document.activeElement), "the next question has the focus");
    if (kind) await press(page.locator("#nytt-punkt").getByText(kind, { exact: true }));
    await field.fill(words);
    if (kind) await field.focus();
    await enterKey();
    await page.locator("summary", { hasText: words }).waitFor();
  }
  await press(page.getByRole("button", { name: "Publiser" }));
  await page.getByText("Skjemaet er publisert").waitFor();
  assert(clicks <= CLICKS_MAX, `a form of three questions took ${clicks} clicks`);
  await assertSound(page, "the published form");
  console.log(`     a form of three questions in ${clicks} clicks`);
}

/** What is typed is stored by itself; kinds, points, conditions and a sum. */
async function written(browser) {
  const page = await open(browser);
  await enter(page);
  await begin(page, "Søvn");
  await ask(page, "Sover du dårlig?", "Ja eller nei");
  await ask(page, "Hvor ofte?", "Ett valg", "Sjelden = 0\nOfte = 1\nAlltid = 2");
  await ask(page, "Er du trett om dagen?", "Ett valg", "Nei = 0\nJa = 2");
  await ask(page, "Søvnsum", "Poengsum");
  const sum = page.locator("#punkt-s4");
  assert(await sum.evaluate((one) => one.open), "the sum is open");
  await sum.getByLabel("2. Hvor ofte?").check();
  await sum.getByLabel("3. Er du trett om dagen?").check();
  await stored(page);
  await page.locator("#rad-s2").click();
  const often = page.locator("#punkt-s2");
  await often.getByText("Vis bare når").click();
  await often.getByLabel("Vilkår 1", { exact: true }).selectOption({ label: "er Ja" });
  await page.locator("#rad-s2", { hasText: "vises når" }).waitFor();
  await often.getByLabel("Vilkår 2", { exact: true }).waitFor();
  await often.getByLabel("Spørsmål", { exact: true }).fill("Hvor ofte sover du dårlig?");
  await page.locator("#rad-s2", { hasText: "Hvor ofte sover du dårlig?" }).waitFor();
  await often.getByLabel("Alternativ 4", { exact: true }).fill("Vet ikke");
  await often.getByLabel("Alternativ 5", { exact: true }).fill("Vil ikke svare");
  await often.getByLabel("Alternativ 7", { exact: true }).waitFor();
  await page.reload();
  await page.locator("#rad-s2").click();
  assert((await often.getByLabel("Alternativ 5", { exact: true }).inputValue()) === "Vil ikke svare", "what was typed is stored");
  assert(await page.locator('#punkt-s4 input[name="sum"][value="s3"]').isChecked(), "the sum is stored");
  await assertSound(page, "the editor");
  await picture(page, screenshots, "forms-editor-wide-light");
}

/** The preview is the form itself: answers are tried, the score is shown, nothing is stored. */
async function tried(browser) {
  const page = await open(browser);
  await enter(page);
  await begin(page, "Prøve");
  await ask(page, "Røyker du?", "Ja eller nei");
  await ask(page, "Hvor mye?", "Ett valg", "Litt = 1\nMye = 3");
  await ask(page, "Sum", "Poengsum");
  await page.locator("#punkt-s3").getByLabel("2. Hvor mye?").check();
  await stored(page);
  const preview = page.locator("#forhandsvisning");
  await preview.getByText("Mye", { exact: true }).click();
  await preview.locator(".form-item", { hasText: "Sum" }).getByText("3", { exact: true }).waitFor();
  await assertSound(page, "the preview");
}

/** A question that was removed comes back to its place with one click. */
async function undone(browser) {
  const page = await open(browser);
  await enter(page);
  await begin(page, "Angre");
  for (const words of ["Først", "Så", "Sist"]) await ask(page, words, "Kort tekst");
  await page.locator("#rad-s2").click();
  await page.locator("#punkt-s2").getByRole("button", { name: "Fjern" }).click();
  await page.getByText("Punktet er fjernet").waitFor();
  assert((await page.locator(".def-items > li").count()) === 2, "it is gone");
  await assertSound(page, "after removing");
  await page.getByRole("button", { name: "Angre" }).click();
  await page.locator("#punkt-s2").waitFor();
  const order = await page.locator(".def-items .def-words").allInnerTexts();
  assert(order.join() === "Først,Så,Sist", `back at its place: ${order}`);
  await page.locator("#punkt-s2").getByRole("button", { name: "Flytt opp" }).click();
  await page.locator(".def-items > li").first().locator(".def-words", { hasText: "Så" }).waitFor();
}

/** Two at once: other items are no trouble, the same item shows both texts and whose. */
async function together(browser) {
  const [one, other] = [await open(browser), await open(browser)];
  await enter(one);
  await enter(other);
  await begin(one, "Sammen");
  await ask(one, "Felles", "Kort tekst");
  await ask(one, "Annet", "Kort tekst");
  await other.goto(one.url().split("?")[0]);
  await one.locator("#rad-s1").click();
  await one.locator("#tekst-s1").fill("Min tekst");
  await stored(one);
  await other.locator("#rad-s2").click();
  await other.locator("#tekst-s2").fill("Noe annet");
  await stored(other);
  await one.locator("#rad-s2").click();
  await one.locator("#tekst-s2").fill("Min om annet");
  await one.getByRole("alert").getByText("endret det samme").waitFor();
  expected(one, "409");
  assert((await one.locator(".def-theirs").innerText()).includes("Noe annet"), "the other's text is shown");
  assert((await one.locator("#tekst-s2").inputValue()) === "Min om annet", "what was typed stays");
  await assertSound(one, "two texts");
  await picture(one, screenshots, "forms-editor-conflict");
  await one.locator("#punkt-s2 .def-store").click();
  await one.locator("#rad-s2", { hasText: "Min om annet" }).waitFor();
  assert((await one.locator("#rad-s1").innerText()).includes("Min tekst"), "the first change stands");
}

/** The next version, what is different, out of use and back; with no script. */
async function versions(browser) {
  const page = await open(browser, { javaScriptEnabled: false });
  await enter(page);
  await begin(page, "Uten skript");
  await ask(page, "Høyde", "Helt tall");
  await page.locator("#rad-s1").click();
  await page.locator("#punkt-s1").getByLabel("Størst").fill("250");
  await page.locator("#punkt-s1").getByRole("button", { name: "Lagre", exact: true }).last().click();
  await page.waitForURL(/punkt=s1/);
  assert((await page.locator("#punkt-s1").getByLabel("Størst").inputValue()) === "250", "stored without a script");
  await page.getByRole("button", { name: "Publiser" }).click();
  await page.getByText("Skjemaet er publisert").waitFor();
  const first = new URL(page.url()).pathname;
  await page.getByRole("button", { name: "Lag ny versjon" }).click();
  await ask(page, "Vekt", "Tall med desimaler");
  await page.locator("#endret").fill("Vekt er med.");
  await page.getByRole("button", { name: "Publiser" }).click();
  await page.getByText("Vekt er med.").first().waitFor();
  await page.getByRole("link", { name: "Endret siden versjon 1" }).click();
  const changed = page.locator(".def-differences");
  assert((await changed.innerText()).includes("Lagt til"), "what is different is told");
  assert((await changed.locator("ins").innerText()).includes("Vekt"), "and what");
  await page.goto(base + first);
  assert((await page.locator(".tag").first().innerText()) === "Ute av bruk", "the first version is retired");
  await page.getByRole("link", { name: "Versjon 2" }).first().click();
  await page.getByRole("button", { name: "Ta ut av bruk" }).click();
  await page.getByText("tatt ut av bruk").first().waitFor();
  await page.getByRole("button", { name: "Ta i bruk igjen" }).click();
  await page.getByText("i bruk igjen").first().waitFor();
  await assertWhole(page, "versions");
}

/** A form goes to a file and back; what cannot be filled in here is refused with where and why. */
async function files(browser) {
  const folder = mkdtempSync(join(tmpdir(), "akson-forms-"));
  const page = await open(browser);
  await enter(page);
  await page.goto(`${base}/skjemaer`);
  await page.getByRole("link", { name: /PHQ-9/ }).click();
  await assertSound(page, "a form that came along");
  const waiting = page.waitForEvent("download");
  await page.getByRole("link", { name: "Last ned som fil" }).click();
  const path = join(folder, "phq.json");
  await (await waiting).saveAs(path);
  const form = JSON.parse(readFileSync(path, "utf8"));
  form.url = "https://example.org/kopi";
  form.title = "PHQ-9 fra fil";
  writeFileSync(path, JSON.stringify(form));
  const fetchFile = async (name) => {
    await page.goto(`${base}/skjemaer`);
    await page.getByText("Hent et skjema fra en fil").click();
    await page.locator("#fil").setInputFiles(name);
    await page.getByRole("button", { name: "Hent", exact: true }).click();
  };
  await fetchFile(path);
  await page.getByText("Skjemaet er hentet").waitFor();
  assert((await page.locator("h1").innerText()) === "PHQ-9 fra fil", "the form of the file");
  assert((await page.locator(".def-items > li").count()) > 10, "all its items");
  form.item[0].item[0].type = "question";
  form.item[0].item[1].answerOption = [];
  delete form.item[0].item[1].answerOption;
  writeFileSync(path, JSON.stringify(form));
  await fetchFile(path);
  await page.getByText("Skjemaet ble ikke hentet").waitFor();
  expected(page, "400");
  const told = await page.locator(".def-findings").innerText();
  assert(told.includes("phq9-1") && told.includes("phq9-2"), `where: ${told}`);
  await assertSound(page, "a refused file");
}

/** Every state, light and dark, wide and narrow. */
async function looks(browser) {
  for (const colorScheme of ["light", "dark"]) {
    for (const [name, options] of Object.entries({
      wide: {}, narrow: { viewport: { width: 320, height: 640 } },
    })) {
      const page = await open(browser, { colorScheme, ...options });
      await enter(page);
      const shoot = async (state) => {
        await assertSound(page, `${state}, ${colorScheme}, ${name}`);
        await picture(page, screenshots, `forms-${state}-${name}-${colorScheme}`);
      };
      await page.goto(`${base}/skjemaer`);
      await shoot("list");
      await page.locator('a[href="/skjemaer/skjema-news2"]').click();
      await shoot("version");
      await page.getByRole("button", { name: /ny versjon/ }).click();
      await page.locator("#punkt-news2-score summary").first().click();
      await page.locator("#punkt-news2-mind summary").first().click();
      await shoot("editor");
      await page.context().close();
    }
  }
}

await run({
  "a form of three questions is published in few clicks": published,
  "what is typed is stored, with points, conditions and a sum": written,
  "the preview is tried": tried,
  "what was removed comes back": undone,
  "two at once": together,
  "versions without a script": versions,
  "files": files,
  "every state": looks,
}, 150, screenshots);
