// SMART apps in a real browser: npm's `fhirclient` on pages of another server, let in by people of the
// demo; the administrator's and the citizen's pages of apps.
//
// node apps.mjs BASE SCREENSHOTS LIBRARY
// `LIBRARY` is fhirclient's bundle for browsers. One case per sentence, in order: later ones use the
// apps of earlier ones.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { assert, assertSound, open as openPage, picture, run } from "./browser.mjs";

const [base, screenshots, library] = process.argv.slice(2);
const CASE_SECONDS_MAX = 120;
const REGISTER_CLICKS_MAX = 5;
const SCOPE = "openid fhirUser launch/patient patient/Observation.rs patient/Patient.rs online_access";

// ---- The app: three pages with fhirclient on them, on a server of its own.

const script = readFileSync(library);
const html = (body) => `<!DOCTYPE html><html lang="nb"><head><meta charset="utf-8"><title>App</title>
<link rel="icon" href="data:,"></head><body><main><h1>App</h1><p id="said"></p></main>
<script src="/fhir-client.js"></script><script>${body}</script></body></html>`;
const tell = `const tell = (text) => { document.getElementById("said").textContent = text; };`;
const pages = {
  "/alone": html(`FHIR.oauth2.authorize({ iss: ${JSON.stringify(`${base}/fhir`)}, clientId: "dagbok",
    scope: ${JSON.stringify(SCOPE)}, redirectUri: "/back", pkceMode: "required" });`),
  "/launch": html(`FHIR.oauth2.authorize({ clientId: "sar", redirectUri: "/back", pkceMode: "required",
    scope: "openid fhirUser launch patient/Observation.rs patient/Patient.rs online_access" });`),
  "/back": html(`${tell} FHIR.oauth2.ready().then(async (client) => {
    window.client = client;
    const patient = await client.patient.read();
    const found = await client.request("Observation?_count=3&patient=" + client.patient.id);
    tell([patient.id, found.entry.length, client.user.fhirUser].join(" "));
  }).catch((error) => tell("feil: " + error.message));`),
};
const appServer = createServer((request, response) => {
  const path = new URL(request.url, "http://x").pathname;
  if (path === "/fhir-client.js") {
    response.writeHead(200, { "content-type": "text/javascript" }).end(script);
  } else {
    response.writeHead(pages[path] ? 200 : 404, { "content-type": "text/html" }).end(pages[path] ?? "");
  }
});
await new Promise((resolve) => { appServer.listen(0, "localhost", resolve); });
appServer.unref();
// Another site than the pages, so that the browser's own rules for cookies decide.
const app = `http://localhost:${appServer.address().port}`;

// ----

/** A page that may also ask the app. */
async function open(browser, options) {
  const page = await openPage(browser, options);
  page.on("request", () => {
    page.faults = page.faults.filter((fault) => !fault.startsWith(`asked someone else: ${app}/`));
  });
  return page;
}

async function enter(browser, title, name = "", options = {}) {
  const page = await open(browser, options);
  await page.goto(base);
  const choice = page.locator("button.choice").filter({ hasText: title }).filter({ hasText: name });
  await choice.first().click();
  await page.waitForURL((url) => !url.pathname.startsWith("/logg-inn"));
  page.clicks = 0;
  page.press = async (locator) => { page.clicks += 1; await locator.click(); };
  return page;
}

const said = async (page) => {
  await page.waitForURL((url) => url.href.startsWith(`${app}/back`));
  await page.waitForFunction(() => document.getElementById("said")?.textContent !== "");
  return page.locator("#said").innerText();
};

/** Registers an app on the administrator's pages. */
async function register(page, { name, id, address, scopes }) {
  await page.goto(base);
  page.clicks = 0;
  await page.press(page.getByRole("link", { name: "Apper og systemer" }));
  await page.press(page.getByRole("link", { name: "Ny app eller nytt system" }));
  await page.getByLabel("Navn, som folk kjenner den ved").fill(name);
  await page.getByLabel(/^Virksomhet/).selectOption({ label: "Fjordvik kommune" });
  await page.getByLabel(/^Adresse der den åpnes/).fill(address);
  await page.getByLabel(/^Adresser som folk/).fill(`${app}/back`);
  await page.getByLabel(/^Det den kan be om/).fill(scopes);
  await page.getByLabel("client_id").fill(id);
  await page.press(page.getByRole("button", { name: "Registrer" }));
  await page.waitForURL(/\/apper\/[^/]+\?sagt=ny/);
}

const cases = {
  "the administrator registers apps in few clicks, and what is wrong is told at the field": async (browser) => {
    const page = await enter(browser, "Administrator");
    await register(page, { name: "Blodtrykksdagboken", id: "dagbok", address: `${app}/alone`, scopes: SCOPE });
    assert(page.clicks <= REGISTER_CLICKS_MAX, `${page.clicks} clicks`);
    await register(page, { name: "Sårjournalen", id: "sar", address: `${app}/launch`, scopes: `${SCOPE} launch` });
    await assertSound(page, "an app");
    await picture(page, screenshots, "app");
    await page.goto(`${base}/apper/ny`);
    await assertSound(page, "a new app");
    await page.getByLabel("Navn, som folk kjenner den ved").fill("Feil");
    await page.getByLabel(/^Adresse der den åpnes/).fill("http://journal.example.no");
    await page.getByRole("button", { name: "Registrer" }).click();
    await page.getByRole("alert").waitFor();
    page.faults = page.faults.filter((fault) => !fault.includes("400"));
    assert((await page.getByRole("alert").innerText()).includes("https"), "the field is told");
    await assertSound(page, "a fault in the form");
    await page.goto(`${base}/apper`);
    assert(await page.locator(".staff li").count() === 2, "two apps");
    await assertSound(page, "the list of apps");
    await picture(page, screenshots, "apps");
  },

  "only the administrator has these pages": async (browser) => {
    const page = await enter(browser, "Fastlege");
    for (const path of ["/apper", "/apper/ny"]) {
      const response = await page.goto(`${base}${path}`);
      assert(response.status() === 404, `${path}: ${response.status()}`);
    }
    const mine = await page.goto(`${base}/mine-apper`);
    assert(mine.status() === 403, `${mine.status()}`);
  },

  "a citizen opens an app, logs in, lets it in, and it reads": async (browser) => {
    const page = await open(browser);
    await page.goto(`${app}/alone`);
    await page.waitForURL(/\/logg-inn/);
    await page.locator("button.choice").filter({ hasText: "Jonas Myklebust" }).filter({ hasText: "Innbygger" }).click();
    await page.getByRole("heading", { name: "Vil du slippe inn Blodtrykksdagboken?" }).waitFor();
    await assertSound(page, "the question");
    await picture(page, screenshots, "consent");
    await page.getByRole("button", { name: "Tillat" }).click();
    const told = await said(page);
    assert(/^fv-\d+ 3 Patient\/fv-/.test(told), told);
  },

  "the question is sound on a narrow screen in the dark, with several journals": async (browser) => {
    const page = await enter(browser, "Forelder", "Marte", { viewport: { width: 320, height: 640 }, colorScheme: "dark" });
    // The browser sends no login along when another site leads here; the page that leads on does.
    await page.goto(`${app}/alone`);
    await page.getByRole("heading", { name: /Vil du slippe inn/ }).waitFor();
    assert(await page.getByRole("radio").count() === 2, "herself and the child");
    await assertSound(page, "the question, narrow and dark");
    await picture(page, screenshots, "consent-narrow-dark");
    await page.getByRole("radio").nth(1).check();
    await page.getByLabel(/^Lese målinger/).uncheck();
    await page.getByLabel(/^Lese navn/).uncheck();
    await page.getByRole("button", { name: "Tillat" }).click();
    await page.getByRole("alert").waitFor();
    page.faults = page.faults.filter((fault) => !fault.includes("422"));
    await page.getByRole("button", { name: "Avslå" }).click();
    assert((await said(page)).startsWith("feil:"), await said(page));
  },

  "the citizen sees what was allowed, takes it back in one click, and the app gets nothing": async (browser) => {
    const page = await enter(browser, "Innbygger", "Jonas");
    await page.getByRole("link", { name: "Apper jeg har sluppet inn" }).click();
    const card = page.locator("article.card").filter({ hasText: "Blodtrykksdagboken" });
    assert((await card.innerText()).includes("Lese målinger og prøvesvar"), await card.innerText());
    await assertSound(page, "my apps");
    await picture(page, screenshots, "my-apps");
    await card.getByRole("button", { name: /Trekk tilbake/ }).click();
    await page.getByText("Ingen apper er sluppet inn.").waitFor();
  },

  "a nurse opens an app from the chart, for that patient": async (browser) => {
    const page = await enter(browser, "Sykepleier");
    await page.goto(`${base}/pasient/fv-00001`);
    await assertSound(page, "a chart with apps");
    const [opened] = await Promise.all([
      page.context().waitForEvent("page"),
      page.getByRole("navigation", { name: "Apper" }).getByRole("link", { name: /Sårjournalen/ }).click(),
    ]);
    await opened.getByRole("heading", { name: "Vil du slippe inn Sårjournalen?" }).waitFor();
    assert((await opened.locator("main").innerText()).includes("Ingrid Solbakken"), "for whom");
    await opened.getByRole("button", { name: "Tillat" }).click();
    const told = await said(opened);
    assert(/^fv-00001 3 Practitioner\//.test(told), told);
    const refreshed = await opened.evaluate(async () => (await window.client.refresh()).tokenResponse.access_token);
    assert(refreshed?.length === 43, "fhirclient renews its token");
    await page.locator("form[action='/logg-ut'] button").click();
    await page.waitForURL(/\/logg-inn/);
    const status = await opened.evaluate(async () => {
      const { access_token: token } = window.client.state.tokenResponse;
      const url = `${window.client.state.serverUrl}/Patient/fv-00001`;
      return (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
    });
    assert(status === 401, `after logout: ${status}`);
  },

  "an app that is switched off is let in nowhere, at once": async (browser) => {
    const page = await enter(browser, "Administrator");
    await page.goto(`${base}/apper`);
    await page.getByRole("link", { name: /Blodtrykksdagboken/ }).click();
    await page.getByRole("button", { name: "Slå av" }).click();
    await page.getByRole("button", { name: "Slå på" }).waitFor();
    const citizen = await enter(browser, "Innbygger", "Jonas");
    await citizen.goto(`${app}/alone`);
    await citizen.getByRole("heading", { name: "Appen ble ikke sluppet inn" }).waitFor();
    citizen.faults = citizen.faults.filter((fault) => !fault.includes("400"));
    await assertSound(citizen, "an app that is not let in");
  },
};

await run(cases, CASE_SECONDS_MAX, screenshots);
