// Logging in by two certified OpenID providers in a real browser, which decides what cookies come
// back with somebody from another site: the providers are at `localhost`, the pages at 127.0.0.1.
//
// node provider_login.mjs FOLDER PEOPLE SCREENSHOTS
// As `server/tests/clients/logins.mjs`: prints the providers' addresses, reads that of the pages.
// One case per sentence; prints each, exits 1 when one fails.

import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { providers } from "../../server/tests/clients/login_provider.mjs";
import { assert, assertSound, assertWhole, open as openPage, picture, run } from "./browser.mjs";

const [folder, list, screenshots] = process.argv.slice(2);
const people = JSON.parse(list);
const CASE_SECONDS_MAX = 120;
const { helseid, idPorten, keys } = await providers(folder, people, writeFileSync);
console.log(JSON.stringify([helseid.issuer, idPorten.issuer]));
const base = (await createInterface({ input: process.stdin })[Symbol.asyncIterator]().next()).value;
helseid.admit("akson-helseid", base, keys.rsa);
idPorten.admit("akson-id-porten", base, keys.ec);

/** A page for which the providers are no strangers. */
async function open(browser, options) {
  const page = await openPage(browser, options);
  const faults = page.faults;
  page.faults = { push: (fault) => { if (!fault.startsWith("asked someone else: http://localhost:")) faults.push(fault); },
    get length() { return faults.length; }, join: (by) => faults.join(by), clear: () => { faults.length = 0; } };
  return page;
}

const way = (page, name) => page.locator("a.choice").filter({ hasText: `Logg inn med ${name}` });
const be = (page, who, level = 4) => page.getByText(`${people[who].name}, nivå ${level}`).first();
const out = (page) => page.locator(".who form[action='/logg-ut'] button");

async function enter(page, provider, who, { address = base, level = 4 } = {}) {
  await page.goto(address);
  await page.waitForURL(/\/logg-inn/);
  await way(page, provider).click();
  await page.waitForURL(/localhost.*\/interaction\//);
  await be(page, who, level).click();
  await page.waitForURL((url) => url.origin === base && !url.pathname.startsWith("/logg-inn"));
}

const cases = {
  "a doctor logs in, reads the chart asked for, and logs out here and at the provider": async (browser) => {
    const page = await open(browser);
    const chart = `${base}/pasient/fv-00001`;
    await enter(page, "HelseID", "Fastlege", { address: chart });
    assert(page.url() === chart, `${page.url()} is not the chart`);
    assert(await page.locator(".banner h1").isVisible(), "the chart is open");
    assert((await page.locator(".who").innerText()).includes(people.Fastlege.name), "in the top bar");
    await assertWhole(page, "chart after login");
    const cookies = await page.context().cookies(base);
    assert(cookies.length === 1 && cookies[0].name === "akson", cookies.map((one) => one.name).join(" "));
    assert(cookies[0].sameSite === "Strict" && cookies[0].httpOnly, JSON.stringify(cookies[0]));
    await page.reload();
    assert(await page.locator(".banner h1").isVisible(), "and stays so");
    await out(page).click();
    await page.waitForURL(/localhost.*\/session\/end/);
    await page.getByRole("button", { name: "Ja" }).click();
    await page.waitForURL(`${base}/logg-inn?hvorfor=ut`);
    assert(await page.getByText("Du er logget ut.").isVisible(), "it says so");
    await page.goto(chart);
    assert(page.url().startsWith(`${base}/logg-inn?til=`), "and is out");
    await way(page, "HelseID").click();
    await page.waitForURL(/localhost.*\/interaction\//);
    assert(await be(page, "Fastlege").isVisible(), "the provider asks who it is");
  },

  "a citizen logs in with ID-porten": async (browser) => {
    const page = await open(browser);
    await enter(page, "ID-porten", "Innbygger");
    assert((await page.locator("nav.my-bar").count()) === 1, "the citizen's home");
    await assertSound(page, "the citizen's home");
  },

  "somebody with several roles chooses one, and comes to the page asked for": async (browser) => {
    const page = await open(browser);
    await enter(page, "HelseID", "Lege", { address: `${base}/pasienter?q=ingrid` });
    await page.waitForURL(/\/rolle/);
    await page.locator("button.choice").first().click();
    await page.waitForURL(`${base}/pasienter?q=ingrid`);
  },

  "the one who is logged in at the provider comes in with one click": async (browser) => {
    const page = await open(browser);
    await enter(page, "HelseID", "Sykepleier");
    await page.context().clearCookies({ name: "akson" });
    await page.goto(base);
    await way(page, "HelseID").click();
    await page.waitForURL(`${base}/`);
    assert((await page.locator(".who").innerText()).includes(people.Sykepleier.name), "in again");
  },

  "a nurse who came in at level 3 steps up to open a journal in an emergency": async (browser) => {
    const page = await open(browser);
    await enter(page, "HelseID", "Sykepleier", { level: 3 });
    const journal = `${base}/pasient/${people.unrelated}`;
    await page.goto(journal);
    const emergency = page.locator("button[name='nod']");
    await emergency.click();
    await page.getByRole("heading", { name: "Dette krever sterkere innlogging" }).waitFor();
    page.faults.clear();
    await assertSound(page, "step-up");
    await picture(page, screenshots, "login-step-up");
    await page.getByRole("link", { name: "Logg inn med HelseID" }).click();
    await page.waitForURL(/localhost.*\/interaction\//);
    assert((await page.locator("#asked").innerText()) === "Level4", "it is asked for");
    await be(page, "Sykepleier", 4).click();
    await page.waitForURL((url) => url.href.startsWith(journal));
    await emergency.click();
    await page.waitForURL(journal);
    assert(await page.locator(".banner h1").isVisible(), "the journal is open");
  },

  "whoever gives up at the provider is told so and can try again": async (browser) => {
    const page = await open(browser);
    await page.goto(`${base}/pasienter?q=emil`);
    await way(page, "HelseID").click();
    await page.locator("#cancel").click();
    await page.getByRole("heading", { name: "Innloggingen ble avbrutt" }).waitFor();
    page.faults.clear();
    await assertSound(page, "broken off");
    await picture(page, screenshots, "login-broken-off");
    await page.getByRole("link", { name: "Til innloggingen" }).click();
    assert(page.url() === `${base}/logg-inn?til=%2Fpasienter%3Fq%3Demil`, page.url());
  },

  "login and logout work without JavaScript, and with the keyboard alone": async (browser) => {
    const page = await open(browser, { javaScriptEnabled: false });
    await page.goto(base);
    await way(page, "HelseID").focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/localhost.*\/interaction\//);
    await be(page, "Fastlege").click();
    await page.waitForURL(`${base}/`);
    await out(page).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/localhost.*\/session\/end/);
  },

  "the page of login is sound, and pictures are taken": async (browser) => {
    for (const scheme of ["light", "dark"]) {
      for (const [name, options] of Object.entries({ wide: {}, narrow: { viewport: { width: 320, height: 640 } } })) {
        const page = await open(browser, { colorScheme: scheme, ...options });
        await page.goto(base);
        await assertSound(page, `providers, ${scheme}, ${name}`);
        await picture(page, screenshots, `login-providers-${name}-${scheme}`);
        await page.context().close();
      }
    }
  },

  "a provider that is away is told of plainly": async (browser) => {
    await helseid.stop();
    const page = await open(browser);
    await page.goto(base);
    await way(page, "HelseID").click();
    await page.getByRole("heading", { name: "HelseID svarer ikke som det skal" }).waitFor();
    page.faults.clear();
    await assertSound(page, "provider away");
    await picture(page, screenshots, "login-away");
    await helseid.startAgain();
  },
};

await run(cases, CASE_SECONDS_MAX, screenshots);
