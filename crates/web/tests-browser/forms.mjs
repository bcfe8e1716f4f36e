// Forms at a patient's chart: chosen, filled in, signed, corrected; conditions, scores and repeats; nothing that
// was shown as stored is lost when the server or the browser is killed; and all of it without JavaScript.
//
// node forms.mjs BINARY SCREENSHOTS PEOPLE
// Starts `akson demo` itself, because it is killed here, on a folder that two forms of the tests are loaded
// into. Clicks are counted as taps, clicks and Ctrl+Enter from the chart; typing is not.

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertSound, assertWhole, open, picture, run } from "./browser.mjs";
import { ownDemo } from "./own_demo.mjs";

const [binary, screenshots, list] = process.argv.slice(2);
const people = JSON.parse(list);
const CASE_SECONDS_MAX = 240;
const as = (title) => people.find((person) => person.title === title);
const [doctor, citizen] = ["Fastlege", "Innbygger"].map(as);

const ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue";
const SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/";
const FHIR = "http://hl7.org/fhir/StructureDefinition/";
const formula = (name, expression) => ({
  url: `${SDC}sdc-questionnaire-${name}`,
  valueExpression: { language: "text/fhirpath", expression },
});
const often = ["Ikke i det hele tatt", "Noen dager", "Mer enn halvparten av dagene", "Nesten hver dag"];
const option = (display, weight) => ({
  valueCoding: {
    system: "https://example.org/how-often", code: `${weight}`, display,
    extension: [{ url: ORDINAL, valueDecimal: weight }],
  },
});
const asked = ["Lite interesse for eller glede over å gjøre ting", "Følt deg nedfor eller deprimert",
  "Vansker med å sove", "Følt deg trøtt", "Dårlig appetitt eller spist for mye", "Vært misfornøyd med deg selv",
  "Vansker med å konsentrere deg", "Beveget deg langsomt, eller vært rastløs", "Tanker om at det ville være bedre om du var død"];
const score = "%resource.item.where(linkId = 'plager').item.answer.value.weight().sum()";
const mood = {
  resourceType: "Questionnaire", id: "skjema-humor", status: "active", subjectType: ["Patient"],
  url: "https://example.org/Questionnaire/mood", version: "1", title: "Plager siste to uker",
  description: "Ni spørsmål om de siste to ukene. Sum 0–27.",
  item: [
    { linkId: "plager", type: "group", text: "Hvor ofte har du vært plaget av dette?", item: asked.map((text, number) => ({
      linkId: `q${number + 1}`, prefix: `${number + 1}.`, type: "choice", text, required: true,
      answerOption: often.map(option),
    })) },
    { linkId: "trygg", type: "text", text: "Hva er gjort for at pasienten er trygg?", required: true,
      enableWhen: [{ question: "q9", operator: "!=", answerCoding: option(often[0], 0).valueCoding }] },
    { linkId: "sum", type: "integer", text: "Sum", readOnly: true,
      code: [{ system: "http://loinc.org", code: "44261-6", display: "Plager, sum" }],
      extension: [formula("calculatedExpression", score),
        { url: `${SDC}sdc-questionnaire-observationExtract`, valueBoolean: true }] },
    { linkId: "mening", type: "string", text: "Tolkning", readOnly: true, extension: [formula("calculatedExpression",
      `iif(${score} >= 10, 'Moderate plager: følg opp innen to uker', iif(${score} >= 5, 'Milde plager', 'Ingen eller få plager'))`)] },
  ],
};
const extension = (name, value) => ({ url: `${FHIR}${name}`, ...value });
const control = (code) => extension("questionnaire-itemControl", { valueCodeableConcept: { coding: [{ code }] } });
const every = {
  resourceType: "Questionnaire", id: "skjema-alt", status: "active", title: "Alle slags spørsmål",
  url: "https://example.org/Questionnaire/every", version: "1",
  item: [
    { linkId: "d", type: "display", text: "Svar så godt du kan." },
    { linkId: "b", type: "boolean", text: "Bor du alene?" },
    { linkId: "i", type: "integer", text: "Antall fall siste år", extension: [extension("minValue", { valueInteger: 0 })],
      item: [{ linkId: "ih", type: "display", text: "Tell også fall uten skade.", extension: [control("help")] }] },
    { linkId: "n", type: "decimal", text: "Vekt", extension: [extension("questionnaire-unit", { valueCoding: { code: "kg", display: "kg" } })] },
    { linkId: "q", type: "quantity", text: "Høyde", extension: [
      extension("questionnaire-unitOption", { valueCoding: { code: "cm", display: "cm" } }),
      extension("questionnaire-unitOption", { valueCoding: { code: "m", display: "m" } })] },
    { linkId: "da", type: "date", text: "Siste fall" },
    { linkId: "dt", type: "dateTime", text: "Undersøkt" },
    { linkId: "t", type: "time", text: "Legger seg" },
    { linkId: "s", type: "string", text: "Yrke" },
    { linkId: "u", type: "url", text: "Nettside" },
    { linkId: "m", type: "choice", repeats: true, text: "Hjelpemidler", answerOption: [{ valueString: "Rullator" },
      { valueString: "Stokk" }, { valueString: "Ingen", extension: [extension("questionnaire-optionExclusive", { valueBoolean: true })] }] },
    { linkId: "o", type: "open-choice", text: "Boform", answerOption: [{ valueString: "Hus" }, { valueString: "Leilighet" }] },
    { linkId: "l", type: "choice", text: "Etasje", extension: [control("drop-down")],
      answerOption: [1, 2, 3].map((floor) => ({ valueInteger: floor })) },
    { linkId: "sk", type: "integer", text: "Smerte", extension: [control("slider"),
      extension("minValue", { valueInteger: 0 }), extension("maxValue", { valueInteger: 10 })] },
    { linkId: "a", type: "attachment", text: "Bilde" },
    { linkId: "r", type: "reference", text: "Ansvarlig", extension: [extension("questionnaire-referenceResource", { valueCode: "Practitioner" })] },
    { linkId: "g", type: "group", text: "Pårørende", repeats: true, item: [
      { linkId: "gn", type: "string", text: "Navn" }, { linkId: "gt", type: "string", text: "Telefon", repeats: true }] },
  ],
};

const demo = await ownDemo(binary);
const { base } = demo;

async function enter(browser, person, options = {}) {
  const page = await open(browser, options);
  await page.goto(base);
  await page.locator("button.choice").filter({ has: page.locator("b", { hasText: person.name }) }).first().click();
  await page.waitForURL((url) => !url.pathname.startsWith("/logg-inn"));
  page.clicks = 0;
  page.press = async (locator) => { page.clicks += 1; await locator.click(); };
  return page;
}

async function chart(page) {
  await page.goto(`${base}/pasienter?q=${encodeURIComponent(citizen.name)}`);
  await page.locator("#hits a.hit").first().click();
  await page.locator(".banner h1").waitFor();
}

/** A form, from the chart, in two clicks. */
async function choose(page, title) {
  await page.press(page.locator(".banner .actions a").filter({ hasText: "Skjema" }));
  await page.press(page.locator(".form-choices button").filter({ hasText: title }));
  await page.locator("#skjema-h").waitFor();
}

const row = (page, asked) => page.locator(".form-question").filter({ hasText: asked });
const touch = (page, asked, answer) => page.press(row(page, asked).locator("label.form-option", { hasText: answer }).first());
const stored = (page) => page.locator("#skjema-lagret[data-state=stored]").waitFor();
const result = (page) => page.locator("#skjema-resultat").innerText();

const cases = {
  "a form with a score: two clicks to it, one for each answer, one to sign": async (browser) => {
    const page = await enter(browser, doctor);
    await chart(page);
    await choose(page, mood.title);
    assert(page.clicks === 2, `${page.clicks} clicks to the form`);
    await assertSound(page, "a form that is begun");
    await picture(page, screenshots, "form-begun", false);
    for (const text of asked.slice(0, 8)) await touch(page, text, often[1]);
    assert(!(await page.locator("#skjema").innerText()).includes("trygg"), "the condition does not hold yet");
    await touch(page, asked[8], often[2]);
    await page.getByText("Hva er gjort for at pasienten er trygg?").waitFor();
    await page.locator("#skjema-resultat b", { hasText: /^10$/ }).waitFor();
    assert((await result(page)).includes("Moderate plager"), "what the score means");
    page.clicks += 1;
    await page.keyboard.press("Control+Enter");
    await page.locator("#skjema-mangler a").first().waitFor();
    assert((await page.locator("#skjema-mangler").innerText()).includes("Svar mangler"), "what is missing is told");
    await assertSound(page, "a form that lacks an answer");
    await picture(page, screenshots, "form-missing", false);
    await page.locator("#skjema-mangler a").first().click();
    await page.keyboard.type("Snakket med ektefellen, time i morgen.");
    await stored(page);
    await assertSound(page, "a form that is filled in");
    await picture(page, screenshots, "form-filled");
    page.clicks += 1;
    await page.keyboard.press("Control+Enter");
    await page.getByText(/^Signert /).waitFor();
    assert(page.clicks === 2 + 9 + 2, `${page.clicks} clicks`);
    await assertSound(page, "a signed form");
    await picture(page, screenshots, "form-signed", false);
    await page.goto(page.url().replace(/\/skjema\/.*/, ""));
    assert((await page.locator("main").innerText()).includes("Plager, sum"), "the score stands among the results");
  },

  "a signed form is corrected and entered in error, and its score goes along": async (browser) => {
    const page = await enter(browser, doctor);
    await chart(page);
    const home = page.url();
    await page.goto(`${home}/skjema`);
    await page.locator(".form-kind a").first().click();
    const address = page.url();
    await page.getByRole("link", { name: "Rett", exact: true }).click();
    await touch(page, asked[0], often[3]);
    await page.locator("#skjema-resultat b", { hasText: /^12$/ }).waitFor();
    await page.locator("#hvorfor").fill("Svarte feil på første spørsmål");
    await page.getByRole("button", { name: /Signer rettelsen/ }).click();
    await page.getByText("Rettet: Svarte feil på første spørsmål").waitFor();
    await assertSound(page, "a corrected form");
    await page.goto(home);
    const results = page.locator("main");
    assert(/Plager, sum[\s\S]*12/.test(await results.innerText()), "the corrected score");
    await choose(page, mood.title);
    for (const text of asked) await touch(page, text, often[0]);
    await page.locator("#skjema-resultat b", { hasText: /^0$/ }).waitFor();
    await stored(page);
    await page.keyboard.press("Control+Enter");
    await page.getByText(/^Signert /).waitFor();
    await page.goto(`${home}/skjema`);
    await page.getByText(/Sum over tid: 12 → 0/).waitFor();
    await assertSound(page, "the forms of a patient");
    await picture(page, screenshots, "forms", true);
    await page.goto(address);
    await page.getByText("Feilført", { exact: true }).click();
    await page.locator("#feilfort").fill("Gjaldt en annen pasient");
    await page.getByRole("button", { name: "Merk som feilført" }).click();
    await page.getByText("Feilført: Gjaldt en annen pasient").waitFor();
    await page.goto(home);
    assert(!/Plager, sum[^\n]*\n[^\n]*12/.test(await results.innerText()), "the score is withdrawn too");
  },

  "every type is answered, groups repeat, and nothing stored is lost when all is killed": async (browser) => {
    const page = await enter(browser, doctor);
    await chart(page);
    await choose(page, every.title);
    await assertSound(page, "every type");
    await touch(page, "Bor du alene?", "Ja");
    await row(page, "Antall fall").locator("input").fill("omtrent to");
    await stored(page);
    await page.getByText("Skriv et helt tall").waitFor();
    await assertSound(page, "an answer that is no number");
    await row(page, "Antall fall").locator("input").fill("2");
    await row(page, "Vekt").locator("input").fill("71,5");
    await row(page, "Høyde").locator("input").fill("178");
    await row(page, "Siste fall").locator("input").fill("2026-01-15");
    await row(page, "Undersøkt").locator("input").fill("2026-01-16T08:30");
    await row(page, "Legger seg").locator("input").fill("22:30");
    await row(page, "Yrke").locator("input").fill("Snekker");
    await touch(page, "Hjelpemidler", "Rullator");
    await touch(page, "Hjelpemidler", "Stokk");
    await touch(page, "Hjelpemidler", "Ingen");
    assert(await row(page, "Hjelpemidler").locator("input:checked").count() === 1, "none goes with nothing");
    await row(page, "Boform").locator("input[type=text]").fill("Husbåt");
    await row(page, "Etasje").locator("select").selectOption({ label: "2" });
    await touch(page, "Smerte", "7");
    await page.locator("input[type=file]").setInputFiles({
      name: "sår.png", mimeType: "image/png", buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0]),
    });
    await page.getByRole("link", { name: "sår.png" }).waitFor();
    await row(page, "Ansvarlig").locator("select").selectOption({ index: 1 });
    await row(page, "Navn").locator("input").fill("Kari");
    await page.getByRole("button", { name: "Legg til en til: Pårørende" }).click();
    await page.locator(".form-group").nth(1).waitFor();
    await page.locator(".form-group").nth(1).locator("input[type=text]").first().fill("Ola");
    await stored(page);
    await assertSound(page, "every type answered");
    await picture(page, screenshots, "form-every");
    const address = page.url();
    await demo.kill();
    await page.context().close();
    await demo.start();
    const again = await enter(browser, doctor);
    await again.goto(address);
    const value = (asked) => row(again, asked).locator("input").first().inputValue();
    for (const [asked, expected] of [["Antall fall", "2"], ["Vekt", "71,5"], ["Høyde", "178"], ["Siste fall", "2026-01-15"],
      ["Undersøkt", "2026-01-16T08:30"], ["Legger seg", "22:30"], ["Yrke", "Snekker"]]) {
      assert(await value(asked) === expected, `${asked}: ${await value(asked)}`);
    }
    const names = again.locator(".form-group input[type=text]");
    assert(await again.locator(".form-group").count() === 2, "both are there");
    assert(await names.first().inputValue() === "Kari", "the first");
    await again.getByRole("button", { name: "Fjern Pårørende 1" }).click();
    await again.waitForFunction(() => document.querySelectorAll(".form-group").length === 1);
    assert(await names.first().inputValue() === "Ola", "the other stays");
    await again.keyboard.press("Control+Enter");
    await again.getByText(/^Signert /).waitFor();
    const shown = await again.locator("main").innerText();
    for (const answer of ["71,5 kg", "178 cm", "Husbåt", "Ingen", "sår.png", "Ola", "Snekker"]) {
      assert(shown.includes(answer), `${answer} is missing in ${shown}`);
    }
    await assertSound(again, "every type, signed");
  },

  "what is typed while the server is away is sent when it is back, and what is typed is not disturbed": async (browser) => {
    const page = await enter(browser, doctor);
    await chart(page);
    await choose(page, mood.title);
    await demo.kill();
    await touch(page, asked[0], often[3]);
    await page.locator("#skjema-lagret.bad").waitFor();
    assert((await page.locator("#skjema-lagret").innerText()).startsWith("Ikke lagret"), "it is said");
    await demo.start();
    // The login holds over it: what was chosen is sent by itself.
    await stored(page);
    await page.locator("#skjema-resultat b", { hasText: /^3$/ }).waitFor();
    // A login that has ended: one logs in in another window, and the form goes on.
    await page.context().clearCookies();
    await touch(page, asked[1], often[1]);
    await page.getByText("Du er logget ut").waitFor();
    const other = await page.context().newPage();
    await other.goto(base);
    await other.locator("button.choice").filter({ has: other.locator("b", { hasText: doctor.name }) }).first().click();
    await other.waitForURL((url) => !url.pathname.startsWith("/logg-inn"));
    await stored(page);
    await page.locator("#skjema-resultat b", { hasText: /^4$/ }).waitFor();
    await page.reload();
    assert(await row(page, asked[0]).locator("input:checked").count() === 1, "it is stored");
    await touch(page, asked[8], often[3]);
    const safe = page.locator("textarea");
    await safe.waitFor();
    await safe.pressSequentially("Snakket lenge med ham om kvelden og natten.", { delay: 25 });
    await stored(page);
    assert(await safe.inputValue() === "Snakket lenge med ham om kvelden og natten.", await safe.inputValue());
    assert(await safe.evaluate((one) => one === document.activeElement), "the field keeps the focus");
    await page.getByRole("button", { name: "Forkast" }).click();
    await page.waitForURL(/\/skjema$/);
  },

  "at 320 px, and in the dark": async (browser) => {
    for (const [name, options] of [["narrow", { viewport: { width: 320, height: 640 } }], ["dark", { colorScheme: "dark" }]]) {
      const page = await enter(browser, doctor, options);
      await chart(page);
      await choose(page, mood.title);
      // The second goes on with the draft that the first left.
      await touch(page, asked[0], often[name === "dark" ? 2 : 1]);
      await touch(page, asked[8], often[name === "dark" ? 2 : 3]);
      await stored(page);
      await assertSound(page, `a form, ${name}`);
      await picture(page, screenshots, `form-${name}`, false);
      await page.goto(page.url().replace(/\/skjema\/.*/, "/skjema"));
      await assertSound(page, `the forms, ${name}`);
      await picture(page, screenshots, `forms-${name}`, false);
    }
  },

  "without JavaScript": async (browser) => {
    const page = await enter(browser, doctor, { javaScriptEnabled: false });
    await chart(page);
    const home = page.url();
    await choose(page, every.title);
    await row(page, "Yrke").locator("input").fill("Fisker");
    await row(page, "Antall fall").locator("input").fill("mange");
    await page.getByRole("button", { name: "Legg til en til: Pårørende" }).click();
    assert(await page.locator(".form-group").count() === 2, "one more");
    assert(await row(page, "Yrke").locator("input").inputValue() === "Fisker", "what was typed stays");
    assert(await row(page, "Antall fall").locator("input").inputValue() === "mange", "also what is wrong");
    await page.getByRole("button", { name: /^Signer/ }).click();
    await page.locator("#skjema-mangler a", { hasText: "Skriv et helt tall" }).waitFor();
    await assertWhole(page, "what is wrong, without JavaScript");
    await page.goto(home);
    await choose(page, mood.title);
    for (const text of asked) {
      const wanted = row(page, text).locator("label.form-option", { hasText: often[1] }).first();
      await wanted.click();
    }
    await page.getByRole("button", { name: /^Signer/ }).click();
    await page.locator("#skjema-mangler a", { hasText: "Svar mangler" }).waitFor();
    await page.locator("textarea").fill("Ringt.");
    await page.getByRole("button", { name: /^Signer/ }).click();
    await page.getByText(/^Signert /).waitFor();
    await assertWhole(page, "signed, without JavaScript");
  },
};

await demo.start();
await demo.kill();
const bundle = join(demo.folder, "forms.json");
writeFileSync(bundle, JSON.stringify({
  resourceType: "Bundle", type: "transaction",
  entry: [mood, every].map((resource) => ({ resource, request: { method: "PUT", url: `Questionnaire/${resource.id}` } })),
}));
const loaded = spawnSync(binary, ["load", bundle, ...demo.place, "--refused", join(demo.folder, "refused.ndjson")]);
const refused = () => readFileSync(join(demo.folder, "refused.ndjson"), "utf8");
if (loaded.status !== 0) throw new Error(`${loaded.stderr}${refused()}`);
await demo.start();
const only = process.env.ONLY;
const chosen = Object.entries(cases).filter(([name]) => !only || name.includes(only));
await run(Object.fromEntries(chosen), CASE_SECONDS_MAX, screenshots);
