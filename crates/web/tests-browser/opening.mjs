// Opening journals with and without a ground, and what the patient sees of it and can block.
//
// node opening.mjs BASE SCREENSHOTS PEOPLE
// `PEOPLE` is JSON: whom one can log in as, with `name` and `title`. Clicks are counted: taps,
// clicks and Enter after login, typing not. One case per sentence; prints each, exits 1 when one
// fails.

import { assert, assertSound, assertWhole, open, picture, run } from "./browser.mjs";

const [base, screenshots, list] = process.argv.slice(2);
const people = JSON.parse(list);
const CASE_SECONDS_MAX = 240;
const as = (title) => people.find((person) => person.title === title);
const [temp, doctor, officer, citizen, parent] =
  ["Vikar", "Fastlege", "Personvernombud", "Innbygger", "Forelder"].map(as);
const CHILD = "Emil Haugland";

async function enter(browser, person, options = {}) {
  const page = await open(browser, options);
  await page.goto(base);
  const choice = page.locator("button.choice");
  await choice.filter({ has: page.locator("b", { hasText: person.name }) }).first().click();
  await page.waitForURL((url) => !url.pathname.startsWith("/logg-inn"));
  page.clicks = 0;
  page.press = async (locator) => { page.clicks += 1; await locator.click(); };
  return page;
}

/** Finds somebody in the search box and goes to what stands at their address. */
async function find(page, name) {
  if (new URL(page.url()).pathname !== "/") await page.goto(base);
  await page.keyboard.press("/");
  await page.waitForFunction(() => document.activeElement?.id === "q");
  await page.keyboard.type(name);
  await page.press(page.locator("#hits a.hit").filter({ hasText: name }).first());
  await page.waitForURL(/\/pasient\//);
}

const ground = (page) => page.locator(".banner .ground").innerText();

const cases = {
  "a journal with a ground opens in one click and says the ground": async (browser) => {
    const page = await enter(browser, doctor);
    await find(page, citizen.name);
    assert((await ground(page)).includes("Grunnlag: fastlege"), await ground(page));
    assert(page.clicks === 1, `${page.clicks} clicks`);
    await assertWhole(page, "own patient");
  },

  "without a ground it opens with a reason, in three clicks or fewer": async (browser) => {
    const page = await enter(browser, temp);
    await find(page, citizen.name);
    assert(await page.locator(".banner").isHidden(), "nothing of the journal is shown");
    await page.press(page.getByRole("button", { name: "Jeg har ansvar for pasienten i dag" }));
    await page.locator(".banner h1").waitFor();
    assert((await ground(page)).includes("Grunnlag: egen beslutning til"), await ground(page));
    assert(page.clicks <= 3, `${page.clicks} clicks`);
  },

  "an emergency opens it in two clicks, for a time": async (browser) => {
    const page = await enter(browser, temp);
    await find(page, CHILD);
    await page.press(page.getByRole("button", { name: "Åpne i nødsituasjon" }));
    await page.locator(".banner h1").waitFor();
    assert((await ground(page)).includes("Grunnlag: øyeblikkelig hjelp til"), await ground(page));
    assert(page.clicks <= 2, `${page.clicks} clicks`);
  },

  "a reason of one's own must be written, and is read by the patient": async (browser) => {
    const page = await enter(browser, temp);
    await find(page, "Thomas Brekke");
    await page.locator("#tekst").fill("   ");
    await page.getByRole("button", { name: "Åpne", exact: true }).click();
    await page.getByRole("alert").waitFor();
    page.faults = page.faults.filter((fault) => !fault.includes("400"));
    await page.locator("#tekst").fill("Sår som må stelles i kveld");
    await page.getByRole("button", { name: "Åpne", exact: true }).click();
    await page.locator(".banner h1").waitFor();
  },

  "the citizen reads in one click who opened the journal, and why": async (browser) => {
    const page = await enter(browser, citizen);
    await page.press(page.getByRole("link", { name: "Se alle som har åpnet journalen" }).first());
    await page.waitForURL(/\/innsyn$/);
    const told = await page.locator("main").innerText();
    assert(told.includes(temp.name) && told.includes("Hjemmetjenesten"), told);
    assert(told.includes("egen beslutning med begrunnelse"), told);
    assert(page.clicks === 1, `${page.clicks} clicks`);
    await page.goto(base);
    await page.getByRole("link", { name: "Sperringer" }).first().click();
    const openings = await page.locator("section[aria-labelledby=apnet]").innerText();
    assert(openings.includes("Grunn: Jeg har ansvar for pasienten i dag"), openings);
  },

  "a parent opens the child's journal and nobody else's": async (browser) => {
    const page = await enter(browser, parent);
    const cards = await page.locator("article.card h2").allInnerTexts();
    assert(cards.some((card) => card.startsWith(CHILD)), cards.join("; "));
    const own = await page.locator("article.card").filter({ hasText: CHILD }).locator("a").first();
    await own.click();
    await page.locator(".banner h1").waitFor();
    assert((await ground(page)).includes("Grunnlag: forelder"), await ground(page));
    const answer = await page.request.get(`${base}/pasient/fv-00001`);
    assert(answer.status() === 404, `a stranger's journal answers ${answer.status()}`);
  },

  "a block of a named person holds, in an emergency too, until it is taken back": async (browser) => {
    const mine = await enter(browser, citizen);
    await mine.getByRole("link", { name: "Sperringer" }).first().click();
    const person = mine.locator("#person");
    await person.selectOption({ label: doctor.name });
    await mine.locator("form.words").filter({ has: person }).getByRole("button").click();
    await mine.locator("section[aria-labelledby=satt]").getByText(doctor.name).waitFor();
    await mine.locator("section[aria-labelledby=satt]").getByText("Hele journalen").waitFor();

    const theirs = await enter(browser, doctor);
    await find(theirs, citizen.name);
    const told = await theirs.locator("main").innerText();
    assert(told.includes("Pasienten har sperret journalen for deg"), told);
    assert((await theirs.locator("main button").count()) === 0, "there is no way to open it");

    const blocked = mine.locator("section[aria-labelledby=satt] li").filter({ hasText: doctor.name });
    await blocked.getByRole("button", { name: "Opphev" }).click();
    await mine.waitForFunction(
      (name) => !document.querySelector("section[aria-labelledby=satt]").innerText.includes(name),
      doctor.name);
    await theirs.goto(base);
    await find(theirs, citizen.name);
    await theirs.locator(".banner h1").waitFor();
  },

  "a blocked contact is not shown, that something is blocked is": async (browser) => {
    const page = await enter(browser, doctor);
    await find(page, citizen.name);
    await page.locator(".banner .flag").filter({ hasText: "sperret noe" }).waitFor();
    const mine = await enter(browser, citizen);
    await mine.getByRole("link", { name: "Sperringer" }).first().click();
    const blocked = await mine.locator("section[aria-labelledby=satt] .sub").first().innerText();
    const day = blocked.match(/\d\d\.\d\d\.\d{4}/)[0];
    await page.goto(`${page.url().split("#")[0]}/kontakter`);
    const contacts = await page.locator("main").innerText();
    assert(!contacts.includes(day), `the contact of ${day} is shown`);
  },

  "a block of an organisation yields to an emergency only": async (browser) => {
    const page = await enter(browser, temp);
    await find(page, "Elle Máret Eira");
    // That there is a block is told to those only who have to do with the patient.
    await page.getByRole("button", { name: "Henvendelse eller henvisning" }).click();
    await page.getByText("Pasienten har sperret journalen.").waitFor();
    assert((await page.locator("main button").count()) === 1, "no reason opens it");
    await page.getByRole("button", { name: "Åpne i nødsituasjon" }).click();
    await page.locator(".banner h1").waitFor();
  },

  "the privacy officer sees the log and not the journal": async (browser) => {
    const page = await enter(browser, officer);
    await page.goto(`${base}/pasienter?q=${encodeURIComponent(CHILD)}`);
    await page.locator("#hits a.hit").first().click();
    await page.waitForURL(/\/pasient\//);
    const told = await page.locator("main").innerText();
    assert(told.includes(temp.name) && told.includes("øyeblikkelig hjelp"), told);
    assert(await page.locator(".banner").isHidden(), "nothing of the journal is shown");
  },

  "every state is sound, and pictures are taken": async (browser) => {
    for (const colorScheme of ["light", "dark"]) {
      for (const [name, options] of Object.entries({
        wide: {},
        narrow: { viewport: { width: 320, height: 640 } },
      })) {
        const look = async (page, state) => {
          await assertSound(page, `${state}, ${colorScheme}, ${name}`);
          await picture(page, screenshots, `${state}-${name}-${colorScheme}`);
        };
        const all = { colorScheme, ...options };
        const worker = await enter(browser, temp, all);
        await find(worker, "Asbjørn Lunde");
        await look(worker, "opening");
        await worker.goto(base);
        await find(worker, CHILD);
        await look(worker, "chart-emergency");
        await worker.context().close();
        const reader = await enter(browser, citizen, all);
        await look(reader, "home");
        for (const state of ["Sperringer", "Se alle som har åpnet journalen", "Se journalen"]) {
          await reader.goto(base);
          if (state === "Se journalen") await reader.getByRole("link", { name: "Journal", exact: true }).click();
          await reader.getByRole("link", { name: state }).first().click();
          await reader.waitForURL(/\/pasient\//);
          await look(reader, `citizen-${state.split(" ")[0].toLowerCase()}`);
        }
        await reader.context().close();
        const log = await enter(browser, officer, all);
        await log.goto(`${base}/pasienter?q=${encodeURIComponent(CHILD)}`);
        await log.locator("#hits a.hit").first().click();
        await log.waitForURL(/\/pasient\//);
        await look(log, "officer-log");
        await log.context().close();
      }
    }
  },

  "opening, reading and blocking work without JavaScript": async (browser) => {
    const plain = { javaScriptEnabled: false };
    const worker = await enter(browser, temp, plain);
    await worker.goto(`${base}/pasienter?q=${encodeURIComponent("Marte Tveit Haugland")}`);
    await worker.locator("#hits a.hit").first().click();
    await worker.getByRole("button", { name: "Henvendelse eller henvisning" }).click();
    await worker.locator(".banner h1").waitFor();
    const mine = await enter(browser, citizen, plain);
    await mine.getByRole("link", { name: "Sperringer" }).first().click();
    await mine.getByRole("button", { name: "Sperr hele journalen" }).click();
    const all = mine.locator("section[aria-labelledby=satt] li").filter({ hasText: "Hele journalen" });
    await all.getByRole("button", { name: "Opphev" }).click();
    assert((await all.count()) === 0, "the block is taken back");
  },
};

await run(cases, CASE_SECONDS_MAX, screenshots);
