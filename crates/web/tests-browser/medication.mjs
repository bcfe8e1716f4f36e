// Prescribing, in the demo in a real browser: renew, prescribe, change, stop, warnings, paper.
//
// node medication.mjs BASE SCREENSHOTS
// Clicks are counted from the chart: taps, clicks and Enter, a choice in a list as two; typing not.

import { assert, assertSound, assertWhole, enterAs, open, picture, run } from "./browser.mjs";

const [base, screenshots] = process.argv.slice(2);
const RENEW_CLICKS_MAX = 2;
const PANEL_CLICKS_MAX = 2;
const PATIENT = "Ingrid Solbakken";
const SIZES = { wide: {}, narrow: { viewport: { width: 320, height: 640 } } };

/** The chart of a patient whom the search finds; the page counts the clicks from there. */
async function chartOf(browser, title, name, options = {}) {
  const page = await open(browser, options);
  await enterAs(page, base, title);
  await page.goto(`${base}/pasienter?q=${encodeURIComponent(name)}`);
  await page.locator("#hits a.hit").first().click();
  await page.locator(".banner h1").waitFor();
  page.clicks = 0;
  page.press = async (locator) => {
    page.clicks += 1;
    await locator.click();
  };
  page.chart = new URL(page.url()).pathname;
  return page;
}

/** A choice of one difference. */
const choiceOf = (page, name, choice) =>
  page.locator(".difference").filter({ has: page.locator("legend", { hasText: name }) }).locator(".choose").filter({ hasText: choice }).first();

/** A list of medicines that waits to be reconciled, as another system would send it. */
async function sendList(page, code, lines) {
  const id = page.chart.split("/").at(-1);
  const subject = { reference: `Patient/${id}` };
  const medicine = ([name, atc, text], number) => ({
    resourceType: "MedicationStatement", id: `m${number}`, status: "active", subject,
    medicationCodeableConcept: { text: name, coding: [{ system: "urn:oid:2.16.578.1.12.4.1.1.7180", code: atc }] },
    dosage: [{ text, timing: { repeat: { frequency: 1, period: 1, periodUnit: "d" } } }],
  });
  const answer = await page.evaluate(async (list) => {
    const sent = await fetch("/fhir/List", { method: "POST", body: JSON.stringify(list), headers: { "Content-Type": "application/fhir+json" } });
    return sent.status;
  }, {
    resourceType: "List", status: "current", mode: "snapshot", title: "Telefon fra avdelingen", subject,
    code: { coding: [{ system: "https://akson.no/fhir/CodeSystem/medication-list", code }] },
    date: new Date().toISOString(), contained: lines.map(medicine),
    entry: lines.map((_, number) => ({ item: { reference: `#m${number}` } })),
  });
  assert(answer === 201, `the list was answered ${answer}`);
}

const row = (page, name) => page.locator("#legemidler tbody tr").filter({ hasText: name }).first();
const forgive = (page) => { page.faults = page.faults.filter((fault) => !fault.includes("400")); };
/** The form of a medicine that is searched for by these words. */
async function begin(page, words, name) {
  await page.goto(`${base}${page.chart}/resept/ny`);
  await page.locator("#legemiddelsok").fill(words);
  await page.locator("#funn a").filter({ hasText: name }).first().click();
  await page.locator("#resept-skjema").waitFor();
}

const cases = {
  "every state is sound, light and dark, wide and narrow": async (browser) => {
    for (const colorScheme of ["light", "dark"]) {
      for (const [size, options] of Object.entries(SIZES)) {
        const page = await chartOf(browser, "Fastlege", PATIENT, { colorScheme, ...options });
        const shoot = async (state) => {
          await assertSound(page, `${state}, ${colorScheme}, ${size}`);
          await picture(page, screenshots, `medication-${state}-${size}-${colorScheme}`);
        };
        await shoot("chart");
        await row(page, "Apiksaban").getByRole("link", { name: "Forny" }).click();
        await page.locator("#resept form.renewal").waitFor();
        await shoot("renew-in-chart");
        await page.goto(`${base}${page.chart}/resept/ny?q=apiks`);
        await shoot("search");
        await begin(page, "ibuprofen 400", "Ibuprofen 400 mg");
        await shoot("form-notice");
        await begin(page, "fenoksymetylpenicillin 1 g", "Fenoksymetylpenicillin 1 g");
        await shoot("form-stop");
        await page.getByRole("button", { name: "Skriv ut resept" }).click();
        await page.getByRole("alert").first().waitFor();
        forgive(page);
        await shoot("form-faults");
        await page.goto(`${base}${page.chart}`);
        await row(page, "Apiksaban").locator("th a").click();
        await page.locator(".prescriptions").waitFor();
        await shoot("history");
        await page.getByRole("link", { name: "Seponer" }).click();
        await page.locator("#tekst").waitFor();
        await shoot("stop");
        await page.goto(`${base}${page.chart}/utskrift/legemidler`);
        await shoot("paper");
        await page.goto(`${base}${page.chart}/bestill`);
        await shoot("orders");
        await page.locator("form button", { hasText: "Send henvisning" }).click();
        await page.getByRole("alert").waitFor();
        forgive(page);
        await page.locator(".own-choice summary").click();
        await shoot("orders-faults");
        await page.goto(`${base}${page.chart}/samstem`);
        await shoot("reconcile");
        await page.context().close();
      }
    }
  },

  "renewed in two clicks, and the chart shows it at once": async (browser) => {
    const page = await chartOf(browser, "Fastlege", PATIENT);
    const before = await page.locator("#legemidler tbody tr").count();
    await page.press(row(page, "Apiksaban").getByRole("link", { name: "Forny" }));
    await page.press(page.getByRole("button", { name: "Forny resept" }));
    await page.locator("#legemidler .tag-new").filter({ hasText: "fornyet i dag" }).waitFor();
    assert(page.clicks <= RENEW_CLICKS_MAX, `${page.clicks} clicks`);
    assert((await page.locator("#legemidler tbody tr").count()) === before, "one row for it, as before");
    assert((await row(page, "Apiksaban").innerText()).includes("fornyet i dag"), "on its own row");
    await row(page, "Apiksaban").locator("th a").click();
    const told = await page.locator(".prescriptions").innerText();
    assert(told.includes("Fornyet uten endring") && told.includes("avsluttet"), told);
    await picture(page, screenshots, "medication-renewed");
  },

  "works without JavaScript": async (browser) => {
    const page = await chartOf(browser, "Fastlege", PATIENT, { javaScriptEnabled: false });
    await page.press(row(page, "Furosemid").getByRole("link", { name: "Forny" }));
    await page.press(page.getByRole("button", { name: "Forny resept" }));
    await page.locator(".banner h1").waitFor();
    assert((await row(page, "Furosemid").innerText()).includes("fornyet i dag"), "renewed");
    assert(page.clicks <= RENEW_CLICKS_MAX, `${page.clicks} clicks`);
  },

  "a stop needs a reason, which is kept with the prescription": async (browser) => {
    const page = await chartOf(browser, "Fastlege", PATIENT);
    await begin(page, "fenoksymetylpenicillin 1 g", "Fenoksymetylpenicillin 1 g");
    assert((await page.locator(".caution-stop").innerText()).includes("Penicillin"), "the allergy stops");
    await page.locator("#grunntekst").fill("Lungebetennelse");
    await page.locator("#dager").fill("7");
    await page.getByRole("button", { name: "Skriv ut resept" }).click();
    await page.getByRole("alert").first().waitFor();
    forgive(page);
    assert((await page.locator("#grunntekst").inputValue()) === "Lungebetennelse", "nothing typed is lost");
    await page.locator("#begrunnelse").fill("Tålt penicillin etter utredning 2024");
    await page.getByRole("button", { name: "Skriv ut resept" }).click();
    await row(page, "Fenoksymetylpenicillin").waitFor();
    await assertWhole(page, "the chart with the new prescription");
    await row(page, "Fenoksymetylpenicillin").locator("th a").click();
    const told = await page.locator(".prescriptions").innerText();
    assert(told.includes("tross varsel: Tålt penicillin etter utredning 2024"), told);
  },

  "words and numbers change together as one types": async (browser) => {
    const page = await chartOf(browser, "Fastlege", PATIENT);
    await begin(page, "paracetamol 500", "Paracetamol 500 mg");
    await page.locator(".in-words").filter({ hasText: "2 tabletter ved behov, høyst 4 ganger i døgnet" }).waitFor();
    await page.locator("#dose").fill("3");
    await page.locator(".in-words").filter({ hasText: "3 tabletter ved behov" }).waitFor();
    await page.locator(".caution-stop").filter({ hasText: "4 g paracetamol" }).waitFor();
    await page.locator("#dose").fill("1");
    await page.locator(".caution-stop").waitFor({ state: "detached" });
  },

  "reconciled with one click for each difference, none for what is equal": async (browser) => {
    const page = await chartOf(browser, "Fastlege", PATIENT);
    await page.getByRole("link", { name: /^Samstem/ }).click();
    await page.locator(".reconciling").waitFor();
    const blocks = page.locator(".difference");
    const differences = await blocks.count();
    assert(differences >= 3, `${differences} differences`);
    page.clicks = 0;
    const decided = (number) => page.locator(".deeds").filter({ hasText: `${number} av ${differences} avgjort` }).waitFor();
    const choose = async (name, choice) => {
      await page.press(choiceOf(page, name, choice));
      await decided(page.clicks);
    };
    await choose("Furosemid", "Endre til");
    await choose("Ibuprofen", "Brukes ikke");
    // What is chosen is kept: the page is left and opened again.
    await page.goto(`${base}${page.chart}/samstem`);
    await decided(2);
    assert((await page.locator(".choose[aria-pressed=true]").count()) === 2, "two choices are kept");
    await picture(page, screenshots, "medication-reconcile-half");
    await assertSound(page, "half reconciled");
    await choose("Metformin", "Seponer");
    // Whatever else differs stays as it is; the press that decides the last one stores everything.
    while (page.clicks < differences - 1) {
      const open = page.locator(".difference:not(.decided)").filter({ hasNot: page.locator("legend", { hasText: "Pantoprazol" }) });
      await page.press(open.first().locator(".choose").first());
      await decided(page.clicks);
    }
    await picture(page, screenshots, "medication-reconcile-last");
    await page.press(choiceOf(page, "Pantoprazol", "Ta med"));
    await page.locator(".banner h1").waitFor();
    assert(page.clicks === differences, `${page.clicks} clicks for ${differences} differences, all stored`);
    const list = await page.locator("#legemidler").innerText();
    assert(list.includes("samstemt i dag av"), list);
    assert((await row(page, "Furosemid").innerText()).includes("morgen og kveld"), "changed");
    assert((await row(page, "Metformin").count()) === 0, "stopped");
    assert((await row(page, "Pantoprazol").count()) === 1, "taken along");
    assert((await row(page, "Ibuprofen").count()) === 0, "left out");
    assert((await page.getByRole("link", { name: /^Samstem/ }).count()) === 0, "nothing waits");
    assert(!(await page.locator("#gjoremal").innerText()).includes("Samstem legemidler"), "the task is done");
    await picture(page, screenshots, "medication-reconciled");
  },

  "a nurse reconciles and proposes; the doctor accepts with one click for each": async (browser) => {
    const nurse = await chartOf(browser, "Sykepleier", PATIENT);
    await sendList(nurse, "discharge", [["Apiksaban 5 mg tablett", "B01AF02", "1 tablett om morgenen"], ["Loratadin 10 mg tablett", "R06AX13", "1 tablett daglig"]]);
    await sendList(nurse, "patient", [["Melatonin 2 mg depottablett", "N05CH01", "1 tablett om kvelden"]]);
    await nurse.goto(`${base}${nurse.chart}`);
    await nurse.getByRole("link", { name: /^Samstem/ }).click();
    await nurse.locator(".reconciling").waitFor();
    await assertSound(nurse, "a nurse reconciles");
    const differences = await nurse.locator(".difference").count();
    const wanted = { Apiksaban: "Foreslå endring til", Loratadin: "Foreslå å ta med", Melatonin: "Ta med" };
    nurse.clicks = 0;
    for (const [name, choice] of Object.entries(wanted)) {
      await nurse.press(choiceOf(nurse, name, choice));
      await nurse.locator(".deeds").filter({ hasText: `${nurse.clicks} av ${differences}` }).waitFor();
    }
    while (nurse.clicks < differences) {
      await nurse.press(nurse.locator(".difference:not(.decided) .choose").filter({ hasText: /^(Behold|Brukes ikke)/ }).first());
      if (nurse.clicks < differences) await nurse.locator(".deeds").filter({ hasText: `${nurse.clicks} av ${differences}` }).waitFor();
    }
    await nurse.waitForURL((url) => url.pathname === nurse.chart).catch(async () => assert(false, await nurse.locator("main").innerText()));
    assert(nurse.clicks === differences, `${nurse.clicks} clicks for ${differences} differences`);
    assert((await row(nurse, "Melatonin").count()) === 1, "what is taken without a prescription is written down");
    assert((await row(nurse, "Loratadin").count()) === 0, "what needs a prescription waits for the doctor");

    const doctor = await chartOf(browser, "Fastlege", PATIENT);
    await doctor.goto(`${base}/innboks`);
    const proposals = doctor.locator(".proposal");
    await proposals.first().waitFor();
    assert((await proposals.count()) === 2, `${await proposals.count()} proposals`);
    await assertSound(doctor, "proposals in the inbox");
    await picture(doctor, screenshots, "medication-proposals");
    doctor.clicks = 0;
    await doctor.press(proposals.filter({ hasText: "Apiksaban" }).getByRole("button", { name: /^Godta/ }));
    await doctor.locator(".row-said").filter({ hasText: "Apiksaban" }).waitFor();
    assert(doctor.clicks === 1, "one click accepts a change");
    const other = proposals.filter({ hasText: "Loratadin" });
    await other.getByText("Avslå", { exact: false }).first().click();
    await other.locator("textarea").fill("Ingen plager nå, vi venter.");
    await other.getByRole("button", { name: "Send avslaget" }).click();
    await doctor.locator(".row-said").filter({ hasText: "Loratadin" }).waitFor();
    await doctor.goto(`${base}${doctor.chart}`);
    assert((await row(doctor, "Apiksaban").innerText()).includes("om morgenen"), "the accepted change is prescribed");
    assert((await row(doctor, "Loratadin").count()) === 0, "the declined one is not");
    await nurse.goto(`${base}/innboks`);
    assert((await nurse.locator("#innboks").innerText()).includes("Ingen plager nå, vi venter."), "the nurse is told why");
  },

  "another dose takes the place of the one before; a stopped one is gone": async (browser) => {
    const page = await chartOf(browser, "Fastlege", PATIENT);
    await row(page, "Furosemid").locator("th a").click();
    await page.getByRole("link", { name: "Endre dose" }).click();
    await page.locator("#resept-skjema").waitFor();
    await page.locator("#dose").fill("2");
    await page.getByRole("button", { name: "Endre", exact: true }).click();
    await row(page, "Furosemid").filter({ hasText: "2 tabletter" }).waitFor();
    const told = await row(page, "Furosemid").innerText();
    assert(told.includes("endret") && told.includes("var 1 tablett"), told);
    await picture(page, screenshots, "medication-changed");
    await row(page, "Furosemid").locator("th a").click();
    await page.getByRole("link", { name: "Seponer" }).click();
    await page.getByRole("button", { name: "Bivirkning" }).click();
    await page.locator(".banner h1").waitFor();
    assert((await row(page, "Furosemid").count()) === 0, "not in use any more");
  },

  "a panel is ordered in two clicks, and taken back": async (browser) => {
    const page = await chartOf(browser, "Fastlege", PATIENT);
    await page.press(page.locator(".actions").getByRole("link", { name: "Prøver" }));
    await page.press(page.getByRole("button", { name: /^Infeksjon/ }));
    const stored = page.locator(".stored");
    await stored.waitFor();
    assert(page.clicks <= PANEL_CLICKS_MAX, `${page.clicks} clicks`);
    const told = await stored.innerText();
    assert(["CRP", "Hemoglobin", "Leukocytter"].every((name) => told.includes(name)), told);
    await assertSound(page, "ordered");
    await picture(page, screenshots, "medication-ordered");
    await page.goto(`${base}${page.chart}`);
    assert((await page.locator("#prover .waiting").innerText()).includes("CRP"), "the chart says that it is ordered");
    await page.goto(`${base}${page.chart}/bestill`);
    await page.getByRole("button", { name: /^Avbestill.*CRP/ }).click();
    await page.locator("#underveis-h").waitFor();
    assert((await page.getByRole("button", { name: /^Avbestill.*CRP/ }).count()) === 0, "taken back");
  },

  "radiology and a referral are ordered with their question": async (browser) => {
    const page = await chartOf(browser, "Fastlege", PATIENT);
    await page.goto(`${base}${page.chart}/bestill`);
    await page.locator("#undersokelse").selectOption({ label: "Røntgen thorax" });
    await page.locator("#grunn-bilde").fill("Kontroll etter pneumoni");
    await page.getByRole("button", { name: "Bestill undersøkelse" }).click();
    await page.locator(".stored").filter({ hasText: "Røntgen thorax" }).waitFor();
    await page.locator("#til").selectOption({ index: 3 });
    await page.locator("#grunn-henvisning").fill("Hjertesvikt");
    await page.locator("#sporsmal").fill("Forverring tross økt furosemid. Ønsker vurdering av videre behandling.");
    await page.getByRole("button", { name: "Send henvisning" }).click();
    await page.locator(".stored").filter({ hasText: "Henvisning til" }).waitFor();
  },

  "what the patient asked for is renewed from the inbox, or declined with a reason": async (browser) => {
    const page = await open(browser);
    await enterAs(page, base, "Fastlege");
    await page.goto(`${base}/innboks`);
    const asked = page.locator("a[href$='/forny']");
    const waiting = await asked.count();
    assert(waiting >= 2, `${waiting} requests`);
    await asked.first().click();
    await page.locator(".request").waitFor();
    await assertSound(page, "a request");
    await picture(page, screenshots, "medication-request");
    const stops = page.locator("#begrunnelse");
    if ((await stops.count()) > 0) await stops.fill("Brukt i flere år uten problemer");
    await page.getByRole("button", { name: "Forny resept" }).click();
    await page.locator(".banner h1").waitFor();
    await page.goto(`${base}/innboks`);
    assert((await asked.count()) === waiting - 1, "one fewer waits");
    await asked.first().click();
    await page.locator(".decline summary").click();
    await page.getByRole("button", { name: "Send svaret" }).click();
    await page.getByRole("alert").waitFor();
    forgive(page);
    await page.locator("#avslag").fill("Ta kontakt for en time først, det er lenge siden sist.");
    await page.getByRole("button", { name: "Send svaret" }).click();
    await page.locator(".banner h1").waitFor();
    await page.goto(`${base}/innboks`);
    assert((await asked.count()) === waiting - 2, "two fewer wait");
  },

  "a nurse reads, and has no button that prescribes": async (browser) => {
    const page = await chartOf(browser, "Sykepleier", PATIENT);
    assert((await page.locator(".renew").count()) === 0, "nothing to renew with");
    assert((await page.getByRole("link", { name: "Ny resept" }).count()) === 0, "no new prescription");
    const answer = await page.request.get(`${base}${page.chart}/resept/ny`);
    assert(answer.status() === 403, `the page answers ${answer.status()}`);
    await row(page, "Apiksaban").locator("th a").click();
    await page.locator(".prescriptions").waitFor();
    assert((await page.getByRole("link", { name: "Seponer" }).count()) === 0, "nothing to stop with");
  },
};

await run(cases, 240, screenshots);
