// A form that a citizen is asked for: sent by the doctor, filled in on a phone, sent, read and marked as seen.
//
// node my_forms.mjs BASE SCREENSHOTS PEOPLE
// Clicks of the citizen are counted from home: opening 1, each choice 1, sending 1.

import { assert, assertSound, assertWhole, open, picture, run } from "./browser.mjs";

const [base, screenshots, list] = process.argv.slice(2);
const people = JSON.parse(list);
const CASE_SECONDS_MAX = 240;
const as = (title) => people.find((person) => person.title === title);
const [doctor, citizen] = ["Fastlege", "Innbygger"].map(as);
const TITLE = "GAD-7: symptomer på angst";
const QUESTIONS = 7;
const PHONE = { viewport: { width: 390, height: 844 } };
const NARROW = { viewport: { width: 320, height: 640 } };

async function enter(browser, person, options = {}) {
  const page = await open(browser, options);
  await page.goto(base);
  await page.waitForURL(/\/logg-inn/);
  await page.locator("button.choice").filter({ has: page.locator("b", { hasText: person.name }) }).first().click();
  await page.waitForURL((url) => !url.pathname.startsWith("/logg-inn"));
  page.clicks = 0;
  page.press = async (locator) => { page.clicks += 1; await locator.click(); };
  return page;
}

/** The doctor at the patient's forms. */
async function forms(browser, options = {}) {
  const page = await enter(browser, doctor, options);
  await page.goto(`${base}/pasienter?q=${encodeURIComponent(citizen.name)}`);
  const chart = await page.locator('main a[href^="/pasient/"]').first().getAttribute("href");
  await page.goto(`${base}${chart.split("?")[0]}/skjema`);
  return page;
}

async function ask(page) {
  await page.locator("#be").selectOption({ label: TITLE });
  await page.getByRole("button", { name: "Send til pasienten" }).click();
  await page.getByRole("button", { name: `Trekk tilbake ${TITLE}` }).waitFor();
}

const waiting = (page) => page.locator("section", { has: page.locator("#forms") });
const choices = (page) => page.locator(".form-question").filter({ has: page.locator("input[type=radio]") });
const stored = (page) => page.locator("#skjema-lagret[data-state=stored]").waitFor();

const cases = {
  "sent by the doctor, filled in and sent on a phone, read and marked as seen": async (browser) => {
    const desk = await forms(browser);
    await ask(desk);
    await assertSound(desk, "a form is asked for");
    await picture(desk, screenshots, "my-forms-asked");

    const page = await enter(browser, citizen, PHONE);
    await waiting(page).waitFor();
    assert((await waiting(page).innerText()).includes(doctor.name.split(" ").at(-1)), "who asks is told");
    await assertSound(page, "a form waits");
    await picture(page, screenshots, "my-forms-home");
    await page.press(waiting(page).getByRole("link", { name: TITLE }));
    await page.locator("form#skjema").waitFor();
    for (let number = 0; number < QUESTIONS; number += 1) {
      await page.press(choices(page).nth(number).locator(".form-option").nth(number % 4));
    }
    await stored(page);
    await assertSound(page, "a form is filled in");
    await picture(page, screenshots, "my-forms-filling", false);
    // What is stored is there when one comes back.
    await page.reload();
    assert(await page.locator("form#skjema input:checked").count() === QUESTIONS, "it was stored");
    await page.press(page.getByRole("button", { name: "Send", exact: true }));
    await page.getByText(/^Sendt .* får svarene dine/).waitFor();
    assert(page.clicks === QUESTIONS + 2, `${page.clicks} clicks`);
    await assertSound(page, "a form is sent");
    await picture(page, screenshots, "my-forms-sent");
    await page.goto(base);
    assert(await waiting(page).count() === 0, "nothing waits any more");

    await desk.goto(`${base}/innboks`);
    const row = desk.locator("li.letter").filter({ hasText: TITLE });
    await row.waitFor();
    await assertSound(desk, "answers in the inbox");
    await picture(desk, screenshots, "my-forms-inbox");
    await row.getByRole("link", { name: "Les svarene" }).click();
    await desk.getByText(/^Fylt ut og sendt /).waitFor();
    await assertSound(desk, "answers are read");
    await desk.goto(`${base}/innboks`);
    await row.getByRole("button", { name: "Sett" }).click();
    await desk.getByText("Merket som sett").waitFor();
    await desk.reload();
    assert(await row.count() === 0, "it is seen");
  },

  "filled in at 320 px and in the dark: what is missing stands at its field": async (browser) => {
    await ask(await forms(browser));
    for (const [name, colorScheme] of [["light", "light"], ["dark", "dark"]]) {
      const option = name === "light" ? 0 : 1; // another than what is stored
      const page = await enter(browser, citizen, { ...NARROW, colorScheme });
      await assertSound(page, `home, ${name}`);
      await waiting(page).getByRole("link", { name: TITLE }).click();
      await assertSound(page, `not begun, ${name}`);
      await choices(page).first().locator(".form-option").nth(option).click();
      await stored(page);
      await page.getByRole("button", { name: "Send", exact: true }).click();
      await page.locator(".form-summary").first().waitFor();
      assert(await page.locator(".form-fault").count() >= QUESTIONS - 1, "each is told at its field");
      await assertSound(page, `incomplete, ${name}`);
      await picture(page, screenshots, `my-forms-missing-${name}`);
    }
    const desk = await forms(browser, NARROW);
    await assertSound(desk, "asked for, narrow");
    await desk.getByRole("button", { name: `Trekk tilbake ${TITLE}` }).click();
    await desk.getByRole("button", { name: "Send til pasienten" }).waitFor();
    assert(await desk.getByRole("button", { name: `Trekk tilbake ${TITLE}` }).count() === 0, "taken back");
  },

  "without JavaScript, and in the citizen's language; what is taken back is not asked any more": async (browser) => {
    const plain = { javaScriptEnabled: false };
    const desk = await forms(browser, plain);
    await ask(desk);
    const page = await enter(browser, citizen, { ...PHONE, ...plain });
    await waiting(page).getByRole("link", { name: TITLE }).click();
    const address = page.url();
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("Ingenting er besvart.").waitFor();
    await assertWhole(page, "nothing is answered");
    await choices(page).first().locator(".form-option").nth(2).click();
    await page.getByRole("button", { name: "Lagre", exact: true }).last().click();
    await page.getByText(/^Lagret /).waitFor();
    assert(await page.locator("form#skjema input:checked").count() === 1, "it is stored");
    await page.goto(base);
    await page.locator("nav.my-bar").getByRole("link", { name: "Mer", exact: true }).click();
    await page.getByRole("button", { name: "English" }).click();
    await page.goto(address);
    await page.getByText("asks you to answer by").waitFor();
    for (let number = 1; number < QUESTIONS; number += 1) {
      await choices(page).nth(number).locator(".form-option").first().click();
    }
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText(/^Sent .* gets your answers/).waitFor();
    await desk.reload();
    await desk.getByText("fylt ut av pasienten").first().waitFor();
    await ask(desk);
    await page.goto(base);
    const next = await waiting(page).getByRole("link", { name: TITLE }).getAttribute("href");
    await desk.getByRole("button", { name: `Trekk tilbake ${TITLE}` }).click();
    await desk.waitForLoadState();
    await page.goto(`${base}${next}`);
    await page.getByText("This form is not to be filled in any more.").waitFor();
    await assertWhole(page, "taken back");
  },

  "what a citizen sent is marked as entered in error by who reads it, and the citizen sees why": async (browser) => {
    const desk = await forms(browser);
    await ask(desk);
    const page = await enter(browser, citizen, PHONE);
    await waiting(page).getByRole("link", { name: TITLE }).click();
    for (let number = 0; number < QUESTIONS; number += 1) {
      await choices(page).nth(number).locator(".form-option").first().click();
    }
    await stored(page);
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText(/^Sendt .* får svarene dine/).waitFor();
    const sent = page.url();
    await desk.goto(`${base}/innboks`);
    await desk.locator("li.letter").filter({ hasText: TITLE }).last().getByRole("link", { name: "Les svarene" }).click();
    assert(await desk.getByRole("link", { name: "Rett", exact: true }).count() === 0, "only its writer corrects it");
    await desk.locator(".form-changes summary").click();
    await desk.getByText("Pasienten ser det, med grunnen.").waitFor();
    await desk.locator("#feilfort").fill("Besvart for feil person");
    await desk.getByRole("button", { name: "Merk som feilført" }).click();
    await desk.getByText("Feilført: Besvart for feil person").waitFor();
    await assertSound(desk, "a form entered in error");
    await page.goto(base);
    await page.getByRole("link", { name: `${TITLE} er merket som feilført` }).click();
    await page.getByText(/^Helsetjenesten har merket skjemaet som feilført .*Besvart for feil person/).waitFor();
    assert(page.url() === sent, `${page.url()} and not ${sent}`);
    await assertSound(page, "the citizen sees it");
    await picture(page, screenshots, "my-forms-withdrawn");
  },

  "nobody else opens it": async (browser) => {
    const desk = await forms(browser);
    await ask(desk);
    const page = await enter(browser, citizen, PHONE);
    const href = await waiting(page).getByRole("link", { name: TITLE }).getAttribute("href");
    const other = people.find((one) => one.title === "Forelder");
    const stranger = await enter(browser, other, PHONE);
    const answer = await stranger.goto(`${base}${href}`);
    assert(answer.status() === 404, `a stranger got ${answer.status()}`);
    await desk.getByRole("button", { name: `Trekk tilbake ${TITLE}` }).click();
  },
};

await run(cases, CASE_SECONDS_MAX, screenshots);
