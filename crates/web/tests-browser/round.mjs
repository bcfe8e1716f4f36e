// The round in the nursing home, and a temp's first shift: clicks counted, every state sound.
//
// node round.mjs BASE SCREENSHOTS
// The server is a demo whose clock shows the morning's round. Clicks: taps, clicks and Enter from the
// role's home page; typing is not counted. One case per sentence; prints each, exits 1 when one fails.

import { assert, assertSound, assertWhole, chooseRole, open, picture, run } from "./browser.mjs";

const [base, screenshots] = process.argv.slice(2);
const CASE_SECONDS_MAX = 240;
const NURSE = "Sykepleier på sykehjem";
const WORKER = "Helsefagarbeider";
const TEMP = "Sykepleiervikar";

async function enter(browser, title, options = {}) {
  const page = await open(browser, options);
  await page.goto(base);
  await page.waitForURL(/\/logg-inn/);
  await chooseRole(page, title);
  await page.locator("#runde").waitFor();
  page.clicks = 0;
  page.press = async (locator) => { page.clicks += 1; await locator.click(); };
  return page;
}

/** Somebody who begins elsewhere than at the round. */
async function enterAs(browser, title) {
  const page = await open(browser);
  await page.goto(base);
  await page.waitForURL(/\/logg-inn/);
  await chooseRole(page, title);
  return page;
}

/** The id of the first row with these words that has this to press. */
async function rowWith(page, words, button) {
  const row = page.locator(".dose").filter({ hasText: words })
    .filter({ has: page.getByRole("button", { name: button }) }).first();
  return page.locator(`#${await row.getAttribute("id")}`);
}

const cases = {
  "a planned dose is given in one click and undone in one": async (browser) => {
    const page = await enter(browser, NURSE);
    const before = Number((await page.locator(".round-progress b").innerText()).split(" ")[0]);
    const row = await rowWith(page, "Furosemid 40", /^Gitt ?:/);
    const id = await row.getAttribute("id");
    await page.press(row.getByRole("button", { name: /^Gitt ?:/ }));
    await row.getByText(/Gitt \d\d\.\d\d av deg/).waitFor();
    assert(page.clicks === 1, `${page.clicks} clicks`);
    await page.waitForFunction((id) => document.activeElement?.id === id, id);
    const after = Number((await page.locator(".round-progress b").innerText()).split(" ")[0]);
    assert(after === before + 1, `${before} and then ${after} done`);
    await picture(page, screenshots, "round-given", false);
    await page.press(row.getByRole("button", { name: /Angre/ }));
    await row.getByRole("button", { name: /^Gitt ?:/ }).waitFor();
    assert(page.clicks === 2, `${page.clicks} clicks`);
    await assertWhole(page, "after undoing");
  },

  "after ten seconds it is corrected instead of undone": async (browser) => {
    const page = await enter(browser, NURSE);
    const row = await rowWith(page, "Furosemid 40", /^Gitt ?:/);
    await row.getByRole("button", { name: /^Gitt ?:/ }).click();
    await row.getByRole("link", { name: /Endre/ }).waitFor({ timeout: 30_000 });
    assert((await row.getByRole("button", { name: /Angre/ }).count()) === 0, "nothing to undo");
    await row.getByRole("link", { name: /Endre/ }).click();
    await page.locator("form.change-form").waitFor();
    await assertSound(page, "correcting");
    await picture(page, screenshots, "round-change");
    await page.getByRole("radio", { name: "Ikke gitt" }).check();
    await page.getByLabel("Grunn, hvis ikke gitt").selectOption({ label: "Kvalme" });
    await page.getByRole("button", { name: "Lagre" }).click();
    await page.locator("#runde").waitFor();
    await page.locator(".dose").filter({ hasText: "Furosemid 40" }).getByText("Kvalme").first().waitFor();
  },

  "a dose that is not given takes a reason, within three clicks": async (browser) => {
    const page = await enter(browser, NURSE);
    const row = await rowWith(page, "Multidose", /^Gitt ?:/);
    await page.press(row.getByRole("link", { name: /^Ikke gitt:|Ikke gitt/ }));
    const reason = row.getByRole("button", { name: "Ville ikke" });
    await reason.waitFor();
    await assertSound(page, "reasons");
    await picture(page, screenshots, "round-reasons", false);
    await page.press(reason);
    await row.getByText("Ville ikke").waitFor();
    assert(page.clicks <= 3, `${page.clicks} clicks`);
  },

  "as needed within four clicks, with the last one and the most of a day": async (browser) => {
    const page = await enter(browser, NURSE);
    const rows = page.locator(".dose").filter({ hasText: "Paracetamol" })
      .filter({ has: page.getByRole("link", { name: /^Gi nå/ }) });
    const row = page.locator(`#${await rows.first().getAttribute("id")}`);
    await page.press(row.getByRole("link", { name: /^Gi nå/ }));
    await row.getByText("Sist gitt").waitFor();
    await assertSound(page, "as needed");
    await picture(page, screenshots, "round-needed", false);
    await page.press(row.getByRole("button", { name: "Gitt", exact: true }));
    await row.getByText(/av deg/).waitFor();
    assert(page.clicks <= 4, `${page.clicks} clicks`);
  },

  "a witness confirms on the giver's device, and the giver stays logged in": async (browser) => {
    const page = await enter(browser, NURSE);
    const row = await rowWith(page, "Oksykodon", /^Gitt \+ vitne/);
    const me = await page.locator(".who, .top").first().innerText();
    await row.getByRole("button", { name: /^Gitt \+ vitne/ }).click();
    await row.getByText("venter på vitne").waitFor();
    await page.press(row.getByRole("link", { name: /^Vitne bekrefter her/ }));
    await page.getByRole("heading", { name: "Vitne på denne enheten" }).waitFor();
    await assertSound(page, "a witness on the same device");
    await picture(page, screenshots, "round-witness-here");
    const person = (title) => page.locator("button.choice").filter({ has: page.locator(".role", { hasText: new RegExp(`^${title}$`) }) }).first();
    // Not the giver, and nobody who works elsewhere.
    for (const [title, words] of [[NURSE, "Den som ga legemiddelet, kan ikke være vitne"], ["Fastlege", "Vitnet må gi legemidler på samme enhet"]]) {
      const here = page.url();
      await person(title).click();
      await page.getByText(words).waitFor();
      await row.getByText("venter på vitne").waitFor();
      page.faults = page.faults.filter((fault) => !/403/.test(fault));
      await page.goto(here);
    }
    page.clicks = 1;
    await page.press(person(WORKER));
    await row.getByText("Vitne:").waitFor();
    assert(page.clicks === 2, `${page.clicks} clicks`);
    assert((await page.locator(".who, .top").first().innerText()) === me, "the giver is still logged in");
    await row.getByText(/av deg/).waitFor();
    await assertWhole(page, "witnessed here");
    // It was not given after all: the next case has it to give.
    await row.getByRole("link", { name: /Endre/ }).click();
    await page.getByRole("radio", { name: "Feilregistrert" }).check();
    await page.getByRole("button", { name: "Lagre" }).click();
    await row.getByRole("button", { name: /^Gitt \+ vitne/ }).waitFor();
  },

  "a controlled dose waits for a witness on a device of their own": async (browser) => {
    const nurse = await enter(browser, NURSE);
    const mine = await rowWith(nurse, "Oksykodon", /^Gitt \+ vitne/);
    const id = await mine.getAttribute("id");
    await nurse.press(mine.getByRole("button", { name: /^Gitt \+ vitne/ }));
    await mine.getByText("venter på vitne").waitFor();
    assert(nurse.clicks === 1, `${nurse.clicks} clicks`);
    const worker = await enter(browser, WORKER);
    const theirs = worker.locator(`#${id}`);
    await assertSound(worker, "witness");
    await worker.press(theirs.getByRole("button", { name: "Bekreft som vitne" }));
    await theirs.getByText("Vitne:").waitFor();
    assert(worker.clicks === 1, `${worker.clicks} clicks`);
    await nurse.goto(base);
    await mine.getByText("Vitne:").waitFor();
  },

  "what is written to the ward stands in the change of shifts": async (browser) => {
    const page = await enter(browser, NURSE);
    await page.getByRole("link", { name: /^Vaktskifte/ }).click();
    await page.locator(".handover-ward summary").click();
    await assertSound(page, "writing to the ward");
    await page.getByLabel("Til alle på avdelingen").fill("Varmtvannet er borte til klokka ti.");
    await page.locator(".handover-ward").getByRole("button", { name: "Send" }).click();
    await page.locator(".handover-ward li").filter({ hasText: "Varmtvannet er borte" }).waitFor();
    const temp = await enter(browser, TEMP);
    await temp.getByRole("link", { name: /^Vaktskifte/ }).click();
    const card = temp.locator("section.handover-ward");
    await card.getByRole("heading", { name: "Til avdelingen" }).waitFor();
    await card.getByText("Varmtvannet er borte").waitFor();
    await assertSound(temp, "messages to the ward");
    await picture(temp, screenshots, "handover-ward");
    // Whoever works elsewhere neither finds nor reads it.
    const other = await enterAs(browser, "Sykepleier");
    const found = await other.evaluate(async () => (await (await fetch("/fhir/Communication?recipient:missing=false&_count=500")).text()).includes("Varmtvannet"));
    assert(!found, "another unit does not find it");
  },

  "who clicks second is told who was first": async (browser) => {
    const [nurse, worker] = [await enter(browser, NURSE), await enter(browser, WORKER)];
    const row = await rowWith(nurse, "Multidose", /^Gitt ?:/);
    const id = await row.getAttribute("id");
    await row.getByRole("button", { name: /^Gitt ?:/ }).click();
    await row.getByText(/av deg/).waitFor();
    await worker.locator(`#${id}`).getByRole("button", { name: /^Gitt ?:/ }).click();
    await worker.getByRole("alert").getByText("allerede registrert av").waitFor();
    assert((await worker.locator(`#${id}`).getByText(/av deg/).count()) === 0, "given once");
  },

  "the early-warning score is computed, and stands on the round": async (browser) => {
    const page = await enter(browser, NURSE);
    await page.locator("a.flag").filter({ hasText: "NEWS2" }).first().click();
    await page.locator("form.news2").waitFor();
    await assertSound(page, "measuring");
    await page.getByLabel("Respirasjon").fill("22");
    await page.getByLabel("Oksygenmetning").fill("93");
    await page.getByLabel("Systolisk").fill("105");
    await page.getByLabel("Puls").fill("112");
    await page.getByLabel("Temperatur").fill("38,4");
    await page.getByRole("button", { name: "Lagre og regn ut" }).click();
    await page.getByText("NEWS2 8").waitFor();
    await assertSound(page, "score");
    await picture(page, screenshots, "round-news2");
    await page.goto(base);
    await page.locator("a.flag").filter({ hasText: "NEWS2: 8" }).first().waitFor();
  },

  "a temp sees the list, what is new, and a patient in one click": async (browser) => {
    const page = await enter(browser, TEMP);
    await page.getByRole("link", { name: /^Vaktskifte/ }).click();
    await page.getByText("Din første vakt her").waitFor();
    const pages = await page.locator("#menu").innerText();
    assert(pages.includes("Runden") && pages.includes("Min dag"), `the top bar says ${pages}`);
    await assertSound(page, "change of shifts");
    await picture(page, screenshots, "handover");
    await page.goto(base);
    await page.press(page.locator(".resident h2 a").nth(4));
    await page.locator(".banner h1").waitFor();
    assert(page.clicks === 1, `${page.clicks} clicks`);
    // Who, risks, whom to call, what is new and what is taken: without scrolling.
    for (const what of [".banner h1", ".banner .flags", ".banner .ground", "#nytt h2", "#legemidler h2"]) {
      const box = await page.locator(what).first().boundingBox();
      assert(box && box.y + box.height <= 768, `${what} is below the fold`);
    }
    await assertSound(page, "a temp's patient");
    await picture(page, screenshots, "temp-patient", false);
  },

  "every width and colour is sound": async (browser) => {
    for (const colorScheme of ["light", "dark"]) {
      for (const [name, options] of Object.entries({
        wide: {},
        phone: { viewport: { width: 390, height: 780 } },
        narrow: { viewport: { width: 320, height: 640 } },
      })) {
        const page = await enter(browser, NURSE, { colorScheme, ...options });
        await assertSound(page, `round, ${colorScheme}, ${name}`);
        await picture(page, screenshots, `round-${name}-${colorScheme}`);
        for (const button of await page.locator(".round-button:visible").all()) {
          const box = await button.boundingBox();
          assert(box.height >= 42, `a button is ${box.height} px high in ${name}`);
        }
        await page.goto(`${base}/vaktskifte`);
        await assertSound(page, `change of shifts, ${colorScheme}, ${name}`);
        await page.context().close();
      }
    }
  },

  "giving works without JavaScript": async (browser) => {
    const page = await enter(browser, NURSE, { javaScriptEnabled: false });
    const row = await rowWith(page, "Multidose", /^Gitt ?:/);
    await row.getByRole("button", { name: /^Gitt ?:/ }).click();
    await row.getByText(/av deg/).waitFor();
    const other = await rowWith(page, "Multidose", /^Gitt ?:/);
    await other.getByRole("link", { name: /Ikke gitt/ }).click();
    await page.getByRole("button", { name: "Sov" }).click();
    await other.getByText("Sov").waitFor();
  },
};

run(cases, CASE_SECONDS_MAX, screenshots);
