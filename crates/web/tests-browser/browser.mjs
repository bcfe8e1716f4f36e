// Debian's Chromium and what every case needs of it: pages that remember what went wrong, axe,
// overflow, screenshots.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

export const launch = () => chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });

/** Ends a wait that would not end: a page that is stuck fails its case, not the whole run. */
export function within(seconds, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export function assert(condition, message) {
  if (!condition) throw new Error(message);
}

/** A page in a context of its own. `page.faults` collects what must not happen. */
export async function open(browser, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1366, height: 768 },
    locale: "nb-NO",
    timezoneId: "Europe/Oslo",
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(`script error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" || /Content Security Policy/.test(message.text())) {
      page.faults.push(`console: ${message.text()}`);
    }
  });
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    // A search that a later keystroke overtook is aborted on purpose.
    if (!reason.includes("ERR_ABORTED")) page.faults.push(`${request.url()}: ${reason}`);
  });
  page.on("request", (request) => {
    if (!/^(http:\/\/127\.0\.0\.1:|data:)/.test(request.url())) {
      page.faults.push(`asked someone else: ${request.url()}`);
    }
  });
  return page;
}

/** No content is wider than the window, and nothing went wrong on the page. */
export async function assertWhole(page, state) {
  const width = await page.evaluate(() => {
    const root = document.documentElement;
    return [root.scrollWidth, root.clientWidth];
  });
  assert(width[0] <= width[1], `${state}: content is ${width[0]} px wide in ${width[1]} px`);
  assert(page.faults.length === 0, `${state}: ${page.faults.join("; ")}`);
}

/** The page is whole, and axe finds nothing. Needs JavaScript: axe does. */
export async function assertSound(page, state) {
  await assertWhole(page, state);
  await page.evaluate(AXE);
  const found = await within(30, `axe on ${state}`, page.evaluate(async (rules) => {
    const result = await window.axe.run(document, { runOnly: { type: "tag", values: rules } });
    return result.violations.map((violation) => {
      const where = violation.nodes.slice(0, 3).map((node) => node.target.join(" ") + " " + (node.any[0]?.message ?? ""));
      return `${violation.id}: ${violation.help} (${where.join("; ")})`;
    });
  }, RULES));
  assert(found.length === 0, `${state}: axe found\n  ${found.join("\n  ")}`);
}

/** Takes a picture for people to look at. */
export async function picture(page, folder, name, fullPage = true) {
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
}

/** Logs in to the demo as the first person of this title or name. */
export async function enterAs(page, base, title) {
  await page.goto(base);
  await page.waitForURL(/\/logg-inn/);
  await page.locator("button.choice").filter({ hasText: title }).first().click();
  await page.waitForURL((url) => !url.pathname.startsWith("/logg-inn"));
}

/** On the page of login of the demo: in as the first person with exactly this role. */
export async function chooseRole(page, role) {
  const exact = page.locator(".role", { hasText: new RegExp(`^${role}$`) });
  await page.locator("button.choice").filter({ has: exact }).first().click();
  await page.waitForURL((url) => !url.pathname.startsWith("/logg-inn"));
}

/** Runs the cases one after the other, prints each, and ends the process: with 1 when one failed. */
export async function run(cases, secondsMax, screenshots) {
  mkdirSync(screenshots, { recursive: true });
  const browser = await launch();
  let failed = 0;
  for (const [name, ask] of Object.entries(cases)) {
    try {
      await within(secondsMax, name, ask(browser));
      console.log(`ok   ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL ${name}\n     ${error.message}`);
    }
    for (const context of browser.contexts()) await within(10, "closing", context.close()).catch(() => {});
  }
  await within(10, "closing", browser.close()).catch(() => {});
  if (failed === 0) console.log("all held");
  process.exit(failed === 0 ? 0 : 1);
}
