// Writing in the journal: from the patient to a signed note, and that no text is lost when the server or
// the browser is killed.
//
// node writing.mjs BINARY SCREENSHOTS PEOPLE
// Starts `akson demo` itself, because it is killed here. `PEOPLE` is JSON: whom one can log in as. Clicks
// are counted as taps, clicks and Enter from home; typing is not.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { assert, assertSound, open, picture, run } from "./browser.mjs";
import { ownDemo } from "./own_demo.mjs";

const [binary, screenshots, list] = process.argv.slice(2);
const people = JSON.parse(list);
const CASE_SECONDS_MAX = 240;
const CLICKS_MAX = 4;
const as = (title) => people.find((person) => person.title === title);
const [doctor, citizen, ward] = ["Fastlege", "Innbygger", "Sykehjemslege"].map(as);
const RESIDENT = "Asbjørn Lunde";

const demo = await ownDemo(binary);
const { base } = demo;

async function logIn(page, person) {
  const choice = page.locator("button.choice").filter({ has: page.locator("b", { hasText: person.name }) });
  await choice.first().click();
  await page.waitForURL((url) => !url.pathname.startsWith("/logg-inn"));
}

/** Logged in, at home. */
async function enter(browser, person, options = {}) {
  const page = await open(browser, options);
  await page.goto(base);
  await logIn(page, person);
  page.clicks = 0;
  page.press = async (locator) => { page.clicks += 1; await locator.click(); };
  return page;
}

/** The chart of the citizen whose doctor it is, or of somebody else. */
async function chart(page, name = citizen.name) {
  await page.goto(`${base}/pasienter?q=${encodeURIComponent(name)}`);
  await page.press(page.locator("#hits a.hit").first());
  await page.locator(".banner h1").waitFor();
}

/** The journal as the citizen reads it. */
async function asCitizen(browser) {
  const page = await enter(browser, citizen);
  await page.goto(`${base}${new URL(await ownJournal(page)).pathname}/dokumenter`);
  return page;
}
const ownJournal = async (page) => {
  const links = await page.locator("a[href^='/pasient/']").evaluateAll((all) => all.map((a) => a.href));
  return links.map((href) => /.*\/pasient\/[^/#?]+/.exec(href)[0])[0];
};

const saved = (page) => page.getByText(/^Lagret kl\. /).waitFor();
const text = (page) => page.locator("#tekst");
const serverSideOnly = (page, part) => { page.faults = page.faults.filter((fault) => !part.test(fault)); };

const cases = {
  "from the patient to a signed note, with a code, in four clicks": async (browser) => {
    const page = await enter(browser, doctor);
    await chart(page);
    await assertSound(page, "the chart with its buttons");
    page.clicks += 1;
    await page.keyboard.press("n");
    await page.waitForURL(/\/notat\/ny$/);
    await page.waitForFunction(() => document.activeElement?.id === "tekst");
    await text(page).fill("Aktuelt: Hoste i tre uker, ingen feber.\n\nVurdering: bronkitt, viralt.\n\nTiltak: .kontroll");
    await text(page).press("End");
    await saved(page);
    assert(/\/notat\/[^/]+$/.test(new URL(page.url()).pathname) && !page.url().endsWith("/ny"), page.url());
    const suggestion = page.locator("#koder-forslag button").filter({ hasText: "R05" });
    await page.press(suggestion);
    await page.locator("#koder-valgte b").filter({ hasText: "R05" }).waitFor();
    assert(!(await page.locator("#koder-forslag").innerText()).includes("A03"), "fever is denied");
    await assertSound(page, "the editor with a code");
    await picture(page, screenshots, "writing-coded", false);
    page.clicks += 1;
    await page.keyboard.press("Control+Enter");
    await page.getByText(/^Signert av /).waitFor();
    assert(page.clicks <= CLICKS_MAX, `${page.clicks} clicks`);
    const shown = await page.locator("main").innerText();
    assert(shown.includes("Hoste i tre uker") && shown.includes("R05"), shown);
    assert(!shown.includes("Funn:"), "a heading without text is left out");
    await assertSound(page, "the signed note");
    await page.goto(page.url().replace(/\/notat\/.*/, ""));
    const contact = page.locator("#kontakter");
    assert((await contact.innerText()).includes("Hoste"), "the contact has the reason");
  },

  "a phrase becomes its text, and the caret stands where one goes on": async (browser) => {
    const page = await enter(browser, doctor);
    await chart(page);
    await page.locator(".actions a").first().click();
    await text(page).fill("");
    await text(page).pressSequentially(".bt ");
    assert((await text(page).inputValue()).startsWith("BT …/… mmHg"), await text(page).inputValue());
    await text(page).pressSequentially("130");
    assert((await text(page).inputValue()).startsWith("BT 130/… mmHg"), await text(page).inputValue());
    await page.getByRole("button", { name: "Forkast" }).click();
    await page.waitForURL(/\/pasient\/[^/]+$/);
    await page.goto(`${base}/notater`);
    await assertSound(page, "own drafts");
    await page.getByRole("button", { name: "Hent tilbake" }).first().click();
    await page.waitForURL(/\/notat\//);
    assert((await text(page).inputValue()).startsWith("BT 130"), "a draft that was thrown away comes back");
    await page.getByRole("button", { name: "Forkast" }).click();
  },

  "without JavaScript a note is written, coded and signed by its buttons": async (browser) => {
    const page = await enter(browser, doctor, { javaScriptEnabled: false });
    await page.goto(`${base}/pasienter?q=${encodeURIComponent(citizen.name)}`);
    await page.locator("#hits a.hit").first().click();
    await page.locator(".actions a").first().click();
    await text(page).fill("Aktuelt: svimmel ved oppreisning");
    await page.getByRole("button", { name: "Lagre utkast" }).last().click();
    await page.locator("#koder-forslag button").filter({ hasText: "N17" }).click();
    await page.locator("#kodesok").fill("ortosta");
    await page.getByRole("button", { name: "Lagre utkast" }).last().click();
    await page.locator("#koder-funnet button").filter({ hasText: "K88" }).click();
    assert((await page.locator("#koder-valgte").innerText()).includes("N17"), "both codes are there");
    await page.locator("#notat-signer").click();
    await page.getByText(/^Signert av /).waitFor();
    const shown = await page.locator("main").innerText();
    assert(["svimmel ved", "N17", "K88"].every((part) => shown.includes(part)), shown);
  },

  "an empty note is not signed, and says why": async (browser) => {
    const page = await enter(browser, doctor);
    await chart(page);
    await page.keyboard.press("n");
    await page.waitForURL(/\/notat\/ny$/);
    await page.keyboard.press("Control+Enter");
    await page.getByText("Notatet er tomt").waitFor();
    await page.locator(".more-signing summary").click();
    await page.getByLabel("Vent med innsyn for pasienten").check();
    await text(page).fill("Aktuelt: prøvesvar");
    await page.keyboard.press("Control+Enter");
    await page.getByText("Skriv hvorfor pasienten skal vente").waitFor();
    await assertSound(page, "the editor with what is missing");
    await page.getByRole("button", { name: "Forkast" }).click();
    await page.waitForURL(/\/pasient\/[^/]+$/);
  },

  "two windows with one draft lose nothing and say so": async (browser) => {
    const one = await enter(browser, doctor);
    await chart(one);
    await one.keyboard.press("n");
    await one.waitForURL(/\/notat\/ny$/);
    await text(one).fill("Fra det første vinduet");
    await saved(one);
    const other = await one.context().newPage();
    await other.goto(one.url());
    await text(other).fill("Fra det andre vinduet");
    await saved(other);
    await text(one).fill("Mer fra det første vinduet");
    await one.getByText("Notatet er endret et annet sted").waitFor();
    assert((await one.locator("#notat-andre").inputValue()) === "Fra det andre vinduet", "the other's text");
    assert((await text(one).inputValue()) === "Mer fra det første vinduet", "my text");
    serverSideOnly(one, /409/);
    await assertSound(one, "two texts");
    await picture(one, screenshots, "writing-conflict", false);
    await one.getByRole("button", { name: "Behold min tekst" }).click();
    await saved(one);
    await other.reload();
    assert((await text(other).inputValue()) === "Mer fra det første vinduet", "what was chosen stands");
    await other.getByRole("button", { name: "Forkast" }).click();
    await other.waitForURL(/\/pasient\/[^/]+$/);
  },

  "a server that is killed in the middle loses no text": async (browser) => {
    const page = await enter(browser, doctor);
    await chart(page);
    await page.keyboard.press("n");
    await page.waitForURL(/\/notat\/ny$/);
    await text(page).fill("Skrevet før strømmen gikk.");
    await saved(page);
    const address = page.url();
    await text(page).press("End");
    await text(page).pressSequentially(" Midt i");
    await demo.kill();
    await text(page).pressSequentially(" og etterpå.");
    await page.getByText("Får ikke kontakt").waitFor();
    await picture(page, screenshots, "writing-offline", false);
    await demo.start();
    // The login holds over it: what was written meanwhile is sent by itself.
    await saved(page);
    await page.context().clearCookies();
    await text(page).pressSequentially(" Og mer.");
    await page.getByText("Du er logget ut").waitFor();
    const whole = await text(page).inputValue();
    page.faults = [];
    // After a login that has ended the text is found by the next one.
    await page.goto(address);
    await logIn(page, doctor);
    await page.waitForURL(address);
    await page.getByText(/hentet fram igjen/).waitFor();
    assert((await text(page).inputValue()) === whole, await text(page).inputValue());
    await page.reload();
    assert((await text(page).inputValue()) === whole, "the server has it");
    const left = await copies(page);
    assert(left.length === 0, `nothing is left in the browser: ${JSON.stringify(left)}`);
    await page.getByRole("button", { name: "Forkast" }).click();
    await page.waitForURL(/\/pasient\/[^/]+$/);
  },

  "a browser that is killed in the middle loses no text": async () => {
    const home = join(demo.folder, "browser");
    let killed = await chromiumAt(home);
    await killed.page.goto(base);
    await logIn(killed.page, doctor);
    await killed.page.goto(`${base}/pasienter?q=${encodeURIComponent(citizen.name)}`);
    await killed.page.locator("#hits a.hit").first().click();
    await killed.page.locator(".actions a").first().click();
    await text(killed.page).fill("Nådde tjeneren.");
    await saved(killed.page);
    const address = killed.page.url();
    // No request gets through any more: what is typed now is in this browser alone.
    await killed.page.route("**/notat", (route) => route.abort());
    await text(killed.page).fill("Nådde tjeneren. Nådde den ikke.");
    await killed.page.getByText("Får ikke kontakt").waitFor();
    const kept = await copies(killed.page);
    assert(kept.length === 1 && kept[0].text.endsWith("ikke."), JSON.stringify(kept));
    await killed.kill();
    killed = await chromiumAt(home);
    await killed.page.goto(base);
    if (killed.page.url().includes("/logg-inn")) await logIn(killed.page, doctor);
    await killed.page.goto(address);
    await killed.page.getByText(/hentet fram igjen|Lagret kl/).first().waitFor();
    await killed.page.waitForFunction(() => document.getElementById("tekst").value.endsWith("ikke."));
    await killed.page.getByText(/hentet fram igjen/).waitFor();
    // Logging out leaves nothing behind.
    await killed.page.route("**/notat", (route) => route.abort());
    await text(killed.page).fill("Skal ikke ligge igjen.");
    await killed.page.getByText("Får ikke kontakt").waitFor();
    await killed.page.getByRole("button", { name: "Logg ut" }).click();
    await killed.page.waitForURL(/\/logg-inn/);
    assert((await copies(killed.page)).length === 0, "logging out leaves nothing behind");
    await killed.kill();
  },

  "the citizen sees no draft, nor what is released later, and sees the signed note": async (browser) => {
    const page = await enter(browser, doctor);
    await chart(page);
    await page.keyboard.press("n");
    await page.waitForURL(/\/notat\/ny$/);
    await page.locator("#tittel").fill("Samtale om svar");
    await text(page).fill("Vurdering: funn som tas opp i samtale.");
    await saved(page);
    const seen = await asCitizen(browser);
    assert(!(await seen.locator("main").innerText()).includes("Samtale om svar"), "no draft");
    const draft = await seen.goto(page.url());
    assert(draft.status() === 404, `the draft answers ${draft.status()}`);
    await page.locator(".more-signing summary").click();
    await page.getByLabel("Vent med innsyn for pasienten").check();
    const later = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
    await page.getByLabel("Frigis fra og med").fill(later);
    await page.getByLabel("Grunn, som pasienten får se").fill("Svaret gis i samtale.");
    await picture(page, screenshots, "writing-withhold", false);
    await page.keyboard.press("Control+Enter");
    await page.getByText(/^Vises for pasienten fra/).waitFor();
    await assertSound(page, "a note that is released later");
    const hidden = await seen.goto(page.url());
    assert(hidden.status() === 404, `the note answers ${hidden.status()}`);
    await page.getByRole("button", { name: "Frigi for pasienten nå" }).click();
    await page.getByText(/^Vises for pasienten fra/).waitFor({ state: "detached" });
    const released = await seen.goto(page.url());
    assert(released.status() === 200, `the released note answers ${released.status()}`);
    assert((await seen.locator("main").innerText()).includes("tas opp i samtale"), "released");
    assert((await seen.locator("main button").count()) === 0, "the citizen changes nothing");
    serverSideOnly(seen, /404/);
    await assertSound(seen, "the note as the citizen reads it");
  },

  "a signed note is corrected with its versions readable, and entered in error with a reason": async (browser) => {
    const page = await enter(browser, doctor);
    await chart(page);
    await page.keyboard.press("n");
    await page.waitForURL(/\/notat\/ny$/);
    await text(page).fill("Vondt i venstre kne.");
    await page.keyboard.press("Control+Enter");
    await page.getByText(/^Signert av /).waitFor();
    const address = page.url();
    await page.getByRole("link", { name: "Rett", exact: true }).click();
    await page.waitForURL(/\/rett$/);
    await text(page).fill("Vondt i høyre kne.");
    await page.getByLabel("Hva er rettet?").fill("Feil side");
    await assertSound(page, "a correction");
    await page.keyboard.press("Control+Enter");
    await page.waitForURL(address);
    await page.getByText("Rettet etter signering: Feil side").waitFor();
    assert((await page.locator(".prose").innerText()).includes("høyre"), "the correction stands");
    await page.getByRole("link", { name: "Tidligere versjoner" }).click();
    await page.waitForURL(/\/versjoner$/);
    assert((await page.locator("del").innerText()).includes("venstre"), "what was taken out");
    assert((await page.locator("ins").innerText()).includes("høyre"), "what was put in");
    assert((await page.locator(".versions > li").count()) === 2, "two versions, no draft");
    await assertSound(page, "the versions");
    await picture(page, screenshots, "writing-versions", false);
    await page.goto(address);
    await page.locator(".more-signing summary").click();
    await assertSound(page, "what is seldom done with a note");
    await page.getByLabel("Hvorfor er notatet feilført?").fill("Feil pasient");
    await page.getByRole("button", { name: "Merk som feilført" }).click();
    await page.getByText("Feilført: Feil pasient").waitFor();
    await assertSound(page, "entered in error");
  },

  "a colleague is asked to sign too, and does": async (browser) => {
    const page = await enter(browser, ward);
    await chart(page, RESIDENT);
    await page.keyboard.press("n");
    await page.waitForURL(/\/notat\/ny$/);
    await text(page).fill("Vurdering: drøftes med kollega.");
    await page.locator(".more-signing summary").click();
    const choice = page.getByLabel("Be om medsignatur fra");
    const colleagues = (await choice.locator("option").allInnerTexts()).slice(1);
    const colleague = people.find((person) => colleagues.some((name) => name.startsWith(person.name)));
    assert(colleague, `nobody to ask: ${colleagues.join("; ")}`);
    await choice.selectOption({ label: colleagues.find((name) => name.startsWith(colleague.name)) });
    await page.keyboard.press("Control+Enter");
    await page.getByText(/^Venter på medsignatur fra /).waitFor();
    const address = page.url();
    const other = await enter(browser, colleague);
    await other.goto(address);
    await other.getByRole("button", { name: "Medsigner" }).click();
    await other.getByText(/^Medsignert av /).waitFor();
    await assertSound(other, "a note that two have signed");
    assert((await other.getByRole("link", { name: "Rett", exact: true }).count()) === 0, "only the author corrects");
  },

  "the journal is searched whatever the words' endings, with and without JavaScript": async (browser) => {
    const page = await enter(browser, doctor);
    await chart(page);
    await page.keyboard.press("n");
    await page.waitForURL(/\/notat\/ny$/);
    await text(page).fill("Vurdering: Kransekakeallergien er bekreftet.");
    await page.keyboard.press("Control+Enter");
    await page.getByText(/^Signert av /).waitFor();
    await page.goto(page.url().replace(/\/notat\/.*/, ""));
    await page.locator("#journal-ord").fill("kransekakeallergi");
    await page.getByText("1 treff").waitFor();
    assert((await page.locator("#journal-treff mark").innerText()) === "Kransekakeallergien", "marked");
    await assertSound(page, "what was found in the journal");
    await picture(page, screenshots, "writing-search", false);
    await page.locator("#journal-ord").fill("finnesikkeher");
    await page.getByText("Ingenting i journalen passer").waitFor();
    const plain = await enter(browser, doctor, { javaScriptEnabled: false });
    await plain.goto(`${page.url().split("?")[0]}/sok?ord=kransekakeallergiene`);
    assert((await plain.locator("mark").innerText()) === "Kransekakeallergien", "without JavaScript");
    const seen = await enter(browser, citizen);
    await seen.goto(`${page.url().split("?")[0]}/sok?ord=kransekakeallergi`);
    await seen.getByText("1 treff").waitFor();
    await assertSound(seen, "the citizen's own search");
  },

  "every state is sound, light and dark, wide and narrow": async (browser) => {
    for (const colorScheme of ["light", "dark"]) {
      for (const [name, options] of Object.entries({
        wide: {}, narrow: { viewport: { width: 320, height: 640 } },
      })) {
        const page = await enter(browser, doctor, { colorScheme, ...options });
        const shoot = async (state, full = name === "narrow") => {
          await assertSound(page, `${state}, ${colorScheme}, ${name}`);
          await picture(page, screenshots, `writing-${state}-${name}-${colorScheme}`, full);
        };
        await chart(page);
        await page.locator(".actions a").first().click();
        await page.waitForURL(/\/notat\/ny$/);
        await shoot("new");
        await text(page).fill("Aktuelt: kontroll av høyt blodtrykk. Hodepine.\n\nVurdering: velregulert hypertensjon.");
        await saved(page);
        await page.locator("#koder-forslag button").first().click();
        await page.locator("#koder-valgte b").first().waitFor();
        await page.locator("#kodesok").fill("diab");
        await page.locator("#koder-funnet button").first().waitFor();
        await page.locator(".phrases summary").click();
        await shoot("editor");
        await page.keyboard.press("Control+Enter");
        await page.getByText(/^Signert av /).waitFor();
        await shoot("signed");
        await page.context().close();
      }
    }
  },
};

/** What lies in the browser. */
function copies(page) {
  return page.evaluate(() => new Promise((resolve, reject) => {
    const request = indexedDB.open("akson-notes", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("unsent", { keyPath: "key" });
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const all = request.result.transaction("unsent").objectStore("unsent").getAll();
      all.onsuccess = () => { request.result.close(); resolve(all.result); };
    };
  }));
}

/** A Chromium of its own with its profile in `home`, which can be killed. */
async function chromiumAt(home) {
  const child = spawn("/usr/bin/chromium", ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--remote-debugging-port=0", `--user-data-dir=${home}`, "about:blank"],
    { detached: true, stdio: ["ignore", "ignore", "pipe"] });
  let address;
  for await (const line of createInterface({ input: child.stderr })) {
    address = /DevTools listening on (ws:.*)/.exec(line)?.[1];
    if (address) break;
  }
  assert(address, "the browser did not start");
  const browser = await chromium.connectOverCDP(address);
  const page = await browser.contexts()[0].newPage();
  page.setDefaultTimeout(10_000);
  return {
    page,
    kill: async () => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      process.kill(-child.pid, "SIGKILL");
      await gone;
      await browser.close().catch(() => {});
    },
  };
}

await demo.start();
const only = process.env.ONLY;
const chosen = Object.entries(cases).filter(([name]) => !only || name.includes(only));
await run(Object.fromEntries(chosen), CASE_SECONDS_MAX, screenshots);
