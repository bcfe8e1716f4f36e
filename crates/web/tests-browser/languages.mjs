// The pages of those at work in three languages: chosen on the page of login or below a page, also without
// JavaScript; no bokmål is left on the way of a doctor, a nurse, an administrator and a privacy officer; and
// longer words fit, at both widths.
//
// node languages.mjs BASE SCREENSHOTS
// The server is a demo whose clock shows the morning's round. One case per sentence; prints each, exits 1
// when one fails.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert, assertSound, chooseRole, open, picture, run } from "./browser.mjs";

const [base, screenshots] = process.argv.slice(2);
const CASE_SECONDS_MAX = 300;
const NARROW = { width: 320, height: 640 };
const WIDE = { width: 1366, height: 768 };
const PATIENT = "Ingrid Solbakken";

/** All texts of a language by `table.key`. */
function texts(language) {
  const folder = join(dirname(fileURLToPath(import.meta.url)), "../messages", language);
  const all = new Map();
  for (const file of readdirSync(folder)) {
    let table = "";
    for (const line of readFileSync(join(folder, file), "utf8").split("\n")) {
      const heading = /^\[(.+)\]$/.exec(line);
      if (heading) table = heading[1];
      const text = /^("[^"]+"|[\w-]+) = (".*")$/.exec(line);
      if (text) all.set(`${table}.${text[1].replaceAll('"', "")}`, JSON.parse(text[2]));
    }
  }
  return all;
}

/** Texts of bokmål that another language has other words for. */
function foreign(language) {
  const own = texts(language);
  const words = new Set(own.values());
  const differs = [...texts("nb")].filter(([key, text]) => own.has(key) && !words.has(text) && !text.includes("{"));
  assert(differs.length > 500, `${differs.length} texts differ`);
  return new Set(differs.map(([, text]) => text));
}

/** What can be read on the page and what screen readers are told, with where it stands. */
const read = (page) => page.evaluate(() => {
  const found = [];
  const isBokmal = (node) => node.closest("[lang]")?.lang === "nb" && document.documentElement.lang !== "nb";
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement;
    const text = walk.currentNode.textContent.trim();
    if (text && !isBokmal(parent) && !parent.closest("script, style")) found.push([text, parent.tagName.toLowerCase()]);
  }
  for (const element of document.querySelectorAll("[aria-label], [placeholder], [title]")) {
    for (const name of ["aria-label", "placeholder", "title"]) {
      const text = element.getAttribute(name);
      if (text && !isBokmal(element)) found.push([text.trim(), `[${name}]`]);
    }
  }
  return found;
});

/** A word of one's own may be the record's, too; a text of several words, or in a control, is ours. */
const OURS = /^(button|th|legend|label|h1|h2|summary|\[.+\])$/;
async function assertSpoken(page, forbidden, state) {
  const left = (await read(page)).filter(([text, where]) => forbidden.has(text) && (text.includes(" ") || OURS.test(where)));
  assert(left.length === 0, `${state}: bokmål is left: ${left.map(([text, where]) => `${where} «${text}»`).join(", ")}`);
}

/** Logs in as somebody of this title, with the language chosen on the page of login. */
async function enter(browser, title, language, options = {}) {
  const page = await open(browser, options);
  await page.goto(base);
  await page.locator(`form.languages button[value="${language}"]`).click();
  await page.locator(`html[lang="${language}"]`).waitFor();
  await chooseRole(page, title);
  return page;
}

/** A page at both widths: in the language, sound, and whole. */
async function look(page, language, forbidden, name) {
  for (const [width, size] of [["wide", WIDE], ["narrow", NARROW]]) {
    await page.setViewportSize(size);
    const state = `${name}, ${language}, ${width}`;
    assert((await page.locator("html").getAttribute("lang")) === language, `${state}: the page says its language`);
    await assertSpoken(page, forbidden, state);
    await assertSound(page, state);
    await picture(page, screenshots, `languages-${name}-${language}-${width}`);
  }
  await page.setViewportSize(WIDE);
}

/** A walk over addresses, each with what is to be done there first. */
async function walk(browser, title, language, steps) {
  const forbidden = foreign(language);
  const page = await enter(browser, title, language);
  const go = (path) => page.goto(`${base}${path}`);
  for (const [name, step] of Object.entries(steps)) {
    await step(page, go);
    await look(page, language, forbidden, name);
  }
}

/** The path of the patient's chart. */
async function chartOf(page, name) {
  await page.goto(`${base}/pasienter?q=${encodeURIComponent(name)}`);
  await page.locator("#hits a.hit").first().click();
  await page.locator(".banner h1").waitFor();
  return new URL(page.url()).pathname;
}

let chart = "";
const doctors = {
  home: (page, go) => go("/"),
  search: (page, go) => go("/pasienter?q=ingrid"),
  nothing: (page, go) => go("/pasienter?q=finnesikke"),
  chart: async (page) => { chart = await chartOf(page, PATIENT); },
  note: async (page, go) => {
    await go(`${chart}/notat/ny`);
    await page.locator("#tekst").fill("Aktuelt: Hoste i to uker.");
    await page.locator("#notat-lagret").getByText(/\d\d\.\d\d/).waitFor();
    await page.locator("details.more-signing summary").first().click();
  },
  signed: async (page) => {
    await page.locator("#tittel").fill("Hoste");
    await page.locator("#notat-signer").click();
    await page.getByText(/^(Signed by|Signert av) /).first().waitFor();
  },
  prescription: async (page, go) => {
    await go(`${chart}/resept/ny?q=apiksaban`);
    await page.locator("a[href*='legemiddel='], button[name=legemiddel]").first().click();
    await page.locator(".in-words").waitFor();
  },
  orders: (page, go) => go(`${chart}/bestill`),
  reconciling: (page, go) => go(`${chart}/samstem`),
  forms: (page, go) => go(`${chart}/skjema`),
  trends: (page, go) => go(`${chart}/trend/85354-9`),
  vaccines: (page, go) => go(`${chart}/vaksiner`),
  journal: (page, go) => go(`${chart}/sok?q=blod`),
  inbox: (page, go) => go("/innboks"),
  signing: (page, go) => go("/signering"),
  notes: (page, go) => go("/notater"),
  nowhere: async (page, go) => { await go("/finnes-ikke"); page.faults.length = 0; },
  command: async (page, go) => {
    await go(chart);
    await page.keyboard.press("Control+k");
    await page.locator("dialog[open] [role=option]").first().waitFor();
  },
};
const nurses = {
  round: (page, go) => go("/"),
  "not-given": async (page) => {
    const link = page.locator("a[href^='/runde/ikke-gitt']").first();
    await page.goto(`${base}${await link.getAttribute("href")}`);
  },
  measuring: async (page, go) => {
    await go("/");
    const link = page.locator("a[href^='/runde/news/']").first();
    await page.goto(`${base}${await link.getAttribute("href")}`);
  },
  "given": async (page, go) => {
    await go("/");
    await page.locator("form[action='/runde/gi'] button").first().click();
    await page.locator(".dose .undo-left").first().waitFor();
  },
  handover: (page, go) => go("/vaktskifte"),
};
const administrators = {
  people: (page, go) => go("/"),
  hiring: (page, go) => go("/ansatte/ny"),
  wrong: async (page) => {
    await page.locator("main form button[type=submit]").last().click();
    await page.locator("[role=alert], .fault").first().waitFor();
    page.faults.length = 0;
  },
  employee: async (page, go) => {
    await go("/");
    await page.locator("main a[href^='/ansatte/']:not([href$='/ny'])").first().click();
  },
  definitions: (page, go) => go("/skjemaer"),
  editor: async (page) => {
    await page.locator("main form[action='/skjemaer'] input[type=text], main form[action='/skjemaer'] input:not([type=hidden])").first().fill("Test");
    await page.locator("main form[action='/skjemaer'] button").first().click();
    await page.waitForURL(/\/skjemaer\/.+/);
  },
};
const officers = {
  cases: (page, go) => go("/"),
  case: async (page) => {
    const link = page.locator("main a[href^='/personvern/']").first();
    if ((await link.count()) > 0) await link.click();
  },
  roles: (page, go) => go("/personvern/roller"),
};

const cases = {
  "the language is chosen below a page, stays, and leads back to the page": async (browser) => {
    const page = await enter(browser, "Fastlege", "nb");
    const path = await chartOf(page, PATIENT);
    await page.locator("form.languages").getByRole("button", { name: "English" }).press("Enter");
    await page.locator("html[lang=en]").waitFor();
    assert(new URL(page.url()).pathname === path, `back at ${page.url()}`);
    assert((await page.locator("form.languages [aria-current=true]").innerText()) === "English", "it says which");
    await page.locator(".top .who form button").click();
    await page.getByRole("heading", { name: "Log in" }).waitFor();
    await assertSound(page, "logged out in English");
  },

  "it is chosen without JavaScript": async (browser) => {
    const page = await enter(browser, "Fastlege", "nn", { javaScriptEnabled: false });
    await page.getByRole("heading", { name: "Dagen min" }).waitFor();
  },
};
for (const [language, named] of [["en", "English"], ["nn", "nynorsk"]]) {
  cases[`a doctor reads the pages in ${named}`] = (browser) => walk(browser, "Fastlege", language, doctors);
  cases[`a nurse reads the round in ${named}`] = (browser) => walk(browser, "Sykepleier på sykehjem", language, nurses);
  cases[`an administrator reads the pages in ${named}`] = (browser) => walk(browser, "Administrator", language, administrators);
  cases[`a privacy officer reads the pages in ${named}`] = (browser) => walk(browser, "Personvernombud", language, officers);
}

run(cases, CASE_SECONDS_MAX, screenshots);
