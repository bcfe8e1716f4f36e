// Logging in to the demo in a real browser.
//
// node login.mjs BASE SCREENSHOTS PEOPLE
// `PEOPLE` is JSON: whom one can log in as, with `name`, `title`, `place` and `chooses` (whether a
// role must be chosen). One case per sentence; prints each, exits 1 when one fails.

import { assert, assertSound, assertWhole, open, picture, run } from "./browser.mjs";

const [base, screenshots, list] = process.argv.slice(2);
const people = JSON.parse(list);
const CASE_SECONDS_MAX = 240;
const doctor = people.find((person) => person.title === "Fastlege");
const several = people.find((person) => person.chooses);
const citizen = people.find((person) => person.title === "Innbygger");

const choice = (page, person) =>
  page.locator("button.choice").filter({ has: page.locator("b", { hasText: person.name }) });
const out = (page) => page.locator(".who form[action='/logg-ut'] button");

async function enter(page, person, address = base) {
  await page.goto(address);
  await page.waitForURL(/\/logg-inn/);
  await choice(page, person).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/logg-inn"));
}

/** What a browser says of an answer that is meant to be a refusal is no fault of the page. */
const forgive = (page, status) => {
  page.faults = page.faults.filter((fault) => !fault.includes(String(status)));
};

const cases = {
  "everybody comes in with one click, stands in the top bar and goes out again": async (browser) => {
    const page = await open(browser);
    for (const person of people) {
      await enter(page, person);
      if (person.chooses) {
        assert(new URL(page.url()).pathname === "/rolle", `${person.name} chooses a role`);
        await page.locator("button.choice").first().click();
        await page.waitForURL(`${base}/`);
      }
      const who = await page.locator(".who").innerText();
      assert(who.includes(person.name), `${who} is not ${person.name}`);
      if (!person.chooses) assert(who.includes(person.place), `${who} is not at ${person.place}`);
      assert(who.includes("Bytt rolle") === person.chooses, `${person.name}: ${who}`);
      await assertWhole(page, `start of ${person.title}`);
      await out(page).click();
      await page.waitForURL(/hvorfor=ut/);
      assert(await page.getByText("Du er logget ut.").isVisible(), "it says so");
      await page.goto(base);
      assert(page.url().startsWith(`${base}/logg-inn`), "and is out");
    }
  },

  "every state of login is sound, and pictures are taken": async (browser) => {
    for (const scheme of ["light", "dark"]) {
      for (const [name, options] of Object.entries({
        wide: {},
        narrow: { viewport: { width: 320, height: 640 } },
        zoomed: { viewport: { width: 683, height: 384 }, deviceScaleFactor: 2 },
      })) {
        const page = await open(browser, { colorScheme: scheme, ...options });
        const look = async (state) => {
          await assertSound(page, `${state}, ${scheme}, ${name}`);
          await picture(page, screenshots, `${state}-${name}-${scheme}`);
        };
        await page.goto(base);
        await look("login");
        await page.goto(`${base}/logg-inn?hvorfor=utlopt&til=%2Fpasienter%3Fq%3Da`);
        await look("login-timed-out");
        await page.goto(`${base}/logg-inn?hvorfor=rolle`);
        await look("login-role-ended");
        await choice(page, several).click();
        await page.waitForURL(/\/rolle/);
        await look("role-first");
        await page.locator("button.choice").first().click();
        await page.waitForURL(`${base}/`);
        await look("start-personnel");
        await page.goto(`${base}/rolle`);
        await look("role-again");
        await page.goto(`${base}/finnes-ikke`);
        forgive(page, 404);
        await look("not-found-logged-in");
        await out(page).click();
        await page.waitForURL(/hvorfor=ut/);
        await look("logged-out");
        await choice(page, citizen).click();
        await page.waitForURL(`${base}/`);
        await look("start-citizen");
        await page.context().clearCookies();
        await out(page).click();
        await page.waitForURL(/\/logg-inn/);
        await choice(page, doctor).click();
        await page.waitForURL(`${base}/`);
        await page.goto(`${base}/pasienter?q=ingrid%20solbakken`);
        await page.locator("#hits .hit").first().click();
        await page.waitForURL(/\/pasient\//);
        assert(await page.locator(".banner h1").isVisible(), "the doctor's own patient opens");
        await look("chart-logged-in");
        await page.context().clearCookies();
        await page.goto(base);
        // The form of a login page whose cookie is gone.
        await page.context().clearCookies();
        await choice(page, doctor).click();
        await page.locator("h1").filter({ hasText: "Skjemaet ble ikke tatt imot" }).waitFor();
        forgive(page, 403);
        await look("form-refused");
        await page.context().close();
      }
    }
  },

  "the keyboard alone logs in and out": async (browser) => {
    const page = await open(browser);
    await page.goto(base);
    await page.keyboard.press("Tab");
    const first = await page.evaluate(() => document.activeElement.className);
    assert(first.includes("ds-skip-link"), `the first stop is the skip link, not ${first}`);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => document.activeElement.className);
    assert(focused === "choice", `then the first person, not ${focused}`);
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert(outline !== "none", "the focus is visible");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${base}/`);
    await out(page).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/hvorfor=ut/);
  },

  "login works without JavaScript": async (browser) => {
    const page = await open(browser, { javaScriptEnabled: false });
    await enter(page, several, `${base}/pasienter?q=emil`);
    assert(page.url() === `${base}/rolle?til=%2Fpasienter%3Fq%3Demil`, page.url());
    await page.locator("button.choice").first().click();
    await page.waitForURL(`${base}/pasienter?q=emil`);
    await page.locator(".who a[href='/rolle']").click();
    await page.waitForURL(`${base}/rolle`);
    await page.locator("button.choice").nth(1).click();
    await page.waitForURL(`${base}/`);
    await out(page).click();
    await page.waitForURL(/hvorfor=ut/);
    await assertWhole(page, "logged out without JavaScript");
  },

  "a login that is over says so and comes back to the same page": async (browser) => {
    const page = await open(browser);
    await enter(page, doctor);
    const cookies = await page.context().cookies();
    const login = cookies.find((cookie) => cookie.name === "akson");
    assert(login.httpOnly && login.sameSite === "Strict" && login.path === "/", JSON.stringify(login));
    assert(cookies.length === 1, `only the login's cookie: ${cookies.map((c) => c.name)}`);
    await page.context().addCookies([{ ...login, value: "utlopt" }]);
    await page.goto(`${base}/pasienter?q=solbakken`);
    await page.waitForURL(/hvorfor=utlopt/);
    assert(await page.getByText("Innloggingen var utløpt").isVisible(), "it says so");
    await choice(page, doctor).click();
    await page.waitForURL(`${base}/pasienter?q=solbakken`);
    await page.locator("#hits .hit").first().waitFor();
  },

  "nothing typed is lost when the login is over": async (browser) => {
    const page = await open(browser);
    await enter(page, doctor);
    const [login] = await page.context().cookies();
    await page.context().addCookies([{ ...login, value: "utlopt" }]);
    // At once: on a loaded machine the keys come so slowly that the first of them are asked for alone.
    await page.locator("#q").fill("solb");
    await page.waitForURL(/\/logg-inn\?/);
    await choice(page, doctor).click();
    await page.waitForURL(/\/pasienter\?q=solb/);
    await page.locator("#hits .hit").first().waitFor();
    forgive(page, 401);
    await assertSound(page, "results after login");
  },
};

await run(cases, CASE_SECONDS_MAX, screenshots);
