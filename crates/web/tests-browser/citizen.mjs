// The citizen's pages on a phone and on a wide screen, in a real browser: journey 9.
//
// node citizen.mjs BASE SCREENSHOTS
// Clicks are counted from home: taps, clicks and Enter, a choice in a list as one; text is not counted.

import { assert, assertSound, assertWhole, enterAs, open, picture, run } from "./browser.mjs";

const [base, screenshots] = process.argv.slice(2);
const CASE_SECONDS_MAX = 240;
const PHONE = { viewport: { width: 390, height: 844 } };
const PLAIN = { ...PHONE, javaScriptEnabled: false };
const BUDGET = { cancel: 2, message: 3, log: 1, book: 3 };
const [own, parent, guardian] = ["Innbygger", "Forelder", "Verge"];
/** A picture with its beginnings, as PNG has them. */
const PNG = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64");

async function enter(browser, title, options = {}) {
  const page = await open(browser, { ...PHONE, ...options });
  await enterAs(page, base, title);
  page.clicks = 0;
  page.press = async (locator) => { page.clicks += 1; await locator.click(); };
  return page;
}

const bar = (page, name) => page.locator("nav.my-bar").getByRole("link", { name, exact: true });
const within = (page, what) =>
  assert(page.clicks <= BUDGET[what], `${what} took ${page.clicks} clicks, not ${BUDGET[what]}`);

const cases = {
  "who has looked is one click away": async (browser) => {
    const page = await enter(browser, own, PLAIN);
    await page.press(page.getByRole("link", { name: "Se alle som har åpnet journalen" }));
    await page.waitForURL(/\/innsyn$/);
    within(page, "log");
  },

  "a time is booked, moved and cancelled, without JavaScript": async (browser) => {
    const page = await enter(browser, own, PLAIN);
    await page.press(bar(page, "Timer"));
    await page.press(page.getByRole("link", { name: "Bestill time" }));
    const times = page.locator(".my-times button");
    const free = await times.count();
    assert(free > 20, `${free} free times`);
    await page.locator("#grunn").fill("Vondt i skulderen");
    await page.press(times.last());
    await page.getByText("Timen er bestilt.").waitFor();
    within(page, "book");
    const mine = page.locator("article.card").filter({ hasText: "Vondt i skulderen" });
    const before = await mine.locator("h2").innerText();
    await assertWhole(page, "booked");
    await mine.getByRole("link", { name: "Flytt" }).click();
    assert((await page.locator(".my-times button").count()) === free - 1, "one time less is free");
    await page.locator("#grunn").fill("Vondt i skulderen");
    await page.locator(".my-times button").nth(3).click();
    await page.getByText("Timen er bestilt.").waitFor();
    const after = await mine.locator("h2").innerText();
    assert(before !== after, `moved from ${before} to ${after}`);
    await page.goto(`${base}/`);
    page.clicks = 0;
    await page.goto((await bar(page, "Timer").getAttribute("href")).replace(/^/, base));
    await page.press(mine.locator("summary"));
    await page.press(mine.getByRole("button", { name: "Ja, avlys timen" }));
    await page.getByText("Timen er avlyst.").waitFor();
    within(page, "cancel");
    await page.getByRole("link", { name: "Bestill time" }).click();
    assert((await page.locator(".my-times button").count()) === free, "its time is free again");
  },

  "two who want the same time: one gets it, the other is told and keeps what was written": async (browser) => {
    const pages = [await enter(browser, own), await enter(browser, own)];
    for (const page of pages) {
      await bar(page, "Timer").click();
      await page.getByRole("link", { name: "Bestill time" }).click();
      await page.locator("#grunn").fill("Samme tid");
    }
    const first = await pages[0].locator(".my-times button").nth(5).getAttribute("value");
    await pages[0].locator(`button[value="${first}"]`).click();
    await pages[0].getByText("Timen er bestilt.").waitFor();
    await pages[1].locator(`button[value="${first}"]`).click();
    await pages[1].getByText("Noen andre rakk å ta denne tiden").waitFor();
    assert((await pages[1].locator("#grunn").inputValue()) === "Samme tid", "what was written is kept");
    assert((await pages[1].locator(`button[value="${first}"]`).count()) === 0, "the time is gone");
    pages[1].faults = pages[1].faults.filter((fault) => !/409|412/.test(fault));
    await assertSound(pages[1], "the time was taken");
    await picture(pages[1], screenshots, "citizen-taken");
    const mine = pages[0].locator("article.card").filter({ hasText: "Samme tid" });
    await mine.locator("summary").click();
    await mine.getByRole("button", { name: "Ja, avlys timen" }).click();
    await pages[0].getByText("Timen er avlyst.").waitFor();
  },

  "a message with a picture is sent in three clicks, and an answer read": async (browser) => {
    const page = await enter(browser, own);
    await page.press(page.getByRole("link", { name: "Skriv en melding" }));
    await page.locator("#om").fill("Utslett");
    await page.locator("#tekst").fill("Hei. Jeg har fått et utslett på armen.");
    await page.locator("#fil").setInputFiles({ name: "virus.png", mimeType: "image/png", buffer: Buffer.from("<script>") });
    await page.press(page.getByRole("button", { name: "Send" }));
    await page.getByRole("alert").getByText("Vi tar imot bilder").waitFor();
    assert((await page.locator("#tekst").inputValue()).includes("utslett"), "the text is kept");
    page.faults = page.faults.filter((fault) => !/422/.test(fault));
    await assertSound(page, "a wrong file");
    await page.locator("#fil").setInputFiles({ name: "utslett.png", mimeType: "image/png", buffer: PNG });
    await page.press(page.getByRole("button", { name: "Send" }));
    await page.getByRole("status").getByText("Meldingen er sendt. Du får svar innen 5 virkedager").waitFor();
    within(page, "message");
    await assertSound(page, "sent");
    await page.getByRole("link", { name: "Utslett", exact: true }).click();
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "utslett.png" }).click(),
    ]);
    assert(file.suggestedFilename() === "utslett.png", file.suggestedFilename());
    await assertSound(page, "a thread");
  },

  "what is written is found again on another device, by who wrote it alone, and is sent once": async (browser) => {
    const page = await enter(browser, own);
    const patient = (await bar(page, "Meldinger").getAttribute("href")).split("/")[2];
    await page.goto(`${base}/min/${patient}/meldinger/ny`);
    await page.locator("#om").fill("Svimmel");
    await page.locator("#tekst").fill("Jeg har vært svimmel siden");
    await page.locator("#skjema-lagret[data-state=stored]").waitFor();
    await page.locator("#tekst").pressSequentially(" mandag.");
    await page.locator("#skjema-lagret[data-state=waits]").waitFor();
    await page.locator("#skjema-lagret[data-state=stored]").waitFor();
    await assertSound(page, "a draft is kept");
    await page.context().close();
    const doctor = await enter(browser, "Fastlege", { viewport: { width: 1366, height: 768 } });
    await doctor.goto(`${base}/innboks`);
    assert(!(await doctor.locator("main").innerText()).includes("svimmel siden"), "nobody has got it");
    await doctor.goto(`${base}/pasient/${patient}/sok?ord=svimmel`);
    assert(!(await doctor.locator("main").innerText()).includes("siden mandag"), "nor finds it");
    const again = await enter(browser, own);
    await bar(again, "Meldinger").click();
    const draft = again.locator("section[aria-labelledby=begun]");
    await draft.getByText("Ikke sendt · Jeg har vært svimmel siden mandag.").waitFor();
    await assertSound(again, "a draft in the list");
    await picture(again, screenshots, "citizen-draft");
    await draft.getByRole("link").click();
    assert((await again.locator("#tekst").inputValue()) === "Jeg har vært svimmel siden mandag.", "the text is there");
    assert((await again.locator("#om").inputValue()) === "Svimmel", "what it is about is there");
    // Another window that was open meanwhile does not overwrite it.
    const other = await enter(browser, own);
    await other.goto(`${base}/min/${patient}/meldinger/ny`);
    await again.locator("#tekst").pressSequentially(" Mest om morgenen.");
    await again.locator("#skjema-lagret[data-state=waits]").waitFor();
    await again.locator("#skjema-lagret[data-state=stored]").waitFor();
    await other.locator("#tekst").fill("Noe annet");
    await other.locator("#skjema-konflikt").waitFor({ state: "visible" });
    other.faults = other.faults.filter((fault) => !/409/.test(fault));
    await assertSound(other, "two windows");
    await other.context().close();
    await again.getByRole("button", { name: "Send", exact: true }).click();
    await again.getByText("Meldingen er sendt.").waitFor();
    assert((await draft.count()) === 0, "it is no draft any more");
    assert((await again.getByRole("link", { name: "Svimmel", exact: true }).count()) === 1, "it is sent once");
  },

  "without JavaScript a draft is kept by its button, and thrown away by another": async (browser) => {
    const page = await enter(browser, own, PLAIN);
    await bar(page, "Meldinger").click();
    await page.getByRole("link", { name: "Skriv en melding" }).click();
    await page.locator("#tekst").fill("Et utkast");
    await page.getByRole("button", { name: "Lagre", exact: true }).click();
    await page.getByText(/^Utkast lagret /).waitFor();
    assert((await page.locator("#tekst").inputValue()) === "Et utkast", "it is there");
    await assertWhole(page, "a draft without JavaScript");
    await page.getByRole("button", { name: "Kast utkastet" }).click();
    await page.waitForURL(/\/meldinger$/);
    assert((await page.locator("section[aria-labelledby=begun]").count()) === 0, "it is gone");
  },

  "the doctor reads it with its picture, answers, and the answer is new at once": async (browser) => {
    const doctor = await enter(browser, "Fastlege", { viewport: { width: 1366, height: 768 } });
    await doctor.goto(`${base}/innboks`);
    const letter = doctor.locator("#innboks li.letter").filter({ has: doctor.getByText("Utslett", { exact: true }) });
    const [file] = await Promise.all([
      doctor.waitForEvent("download"), letter.getByRole("link", { name: "Vedlegg 1" }).click(),
    ]);
    assert((await file.failure()) === null, "the picture is fetched");
    await letter.locator("summary").first().click();
    await letter.locator("textarea").fill("Bruk fuktighetskrem, og skriv igjen hvis det brer seg.");
    await letter.getByRole("button", { name: "Send" }).click();
    await doctor.getByText("Bruk fuktighetskrem").first().waitFor();
    const page = await enter(browser, own);
    const unread = page.locator("section[aria-labelledby=new] li").filter({ has: page.locator(".my-dot") });
    await unread.filter({ hasText: "fuktighetskrem" }).getByRole("link").click();
    await page.locator("article.my-letter").filter({ hasText: "fuktighetskrem" }).waitFor();
    await page.locator("#tekst").fill("Takk!");
    await page.getByRole("button", { name: "Send" }).click();
    await page.locator("article.my-letter").filter({ hasText: "Takk!" }).waitFor();
    await assertSound(page, "an answered thread");
    await picture(page, screenshots, "citizen-thread-phone");
  },

  "what was written to one is new until it is read": async (browser) => {
    const page = await enter(browser, "Forelder");
    const unread = page.locator("section[aria-labelledby=new] li").filter({ has: page.locator(".my-dot") });
    assert((await unread.count()) === 1, `${await unread.count()} unread`);
    await unread.getByRole("link").click();
    await page.locator("article.my-letter").first().waitFor();
    await page.goto(base);
    await page.locator("section[aria-labelledby=new]").waitFor();
    assert((await unread.count()) === 0, "it is read");
  },

  "who acts for somebody sees whose page it is, and writes in their own name": async (browser) => {
    const page = await enter(browser, guardian, PLAIN);
    await page.locator("nav.my-whose").getByRole("link", { name: "Asbjørn Lunde" }).click();
    await page.getByRole("heading", { name: "Siden til Asbjørn Lunde" }).waitFor();
    await page.getByRole("link", { name: "Skriv en melding" }).click();
    await page.locator("#om").fill("Besøk på lørdag");
    await page.locator("#tekst").fill("Kan vi ta ham med ut på lørdag?");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("Meldingen er sendt.").waitFor();
    await page.getByRole("link", { name: "Besøk på lørdag" }).click();
    assert((await page.locator("article.my-letter h2").innerText()).includes("Bente Lunde Moen"), "her name");
    const stranger = await page.goto(`${base}/min/fv-00001/meldinger`);
    assert([403, 404].includes(stranger.status()), `a stranger's messages answer ${stranger.status()}`);
  },

  "a measurement is stored, and what is no measurement is not": async (browser) => {
    const page = await enter(browser, own, PLAIN);
    await page.getByRole("link", { name: "Legg inn en måling" }).click();
    await page.locator("#kilo").fill("åtti");
    await page.getByRole("button", { name: "Lagre vekten" }).click();
    await page.getByRole("alert").getByText("Skriv målingen med tall").waitFor();
    assert((await page.locator("#kilo").inputValue()) === "åtti", "what was written is kept");
    await page.locator("#kilo").fill("81,7");
    await page.getByRole("button", { name: "Lagre vekten" }).click();
    await page.getByText("Målingen er lagret.").waitFor();
    await page.locator("#over").fill("128");
    await page.locator("#under").fill("79");
    await page.getByRole("button", { name: "Lagre blodtrykket" }).click();
    await page.getByText("Målingen er lagret.").waitFor();
    page.faults = page.faults.filter((fault) => !/422/.test(fault));
    await assertWhole(page, "measurements");
    await bar(page, "Hjem").click();
    await page.locator("section[aria-labelledby=weight] .my-big").filter({ hasText: /81,7\s*kg/ }).waitFor();
  },

  "a new prescription is asked for once": async (browser) => {
    const page = await enter(browser, "Fullmektig", PLAIN);
    await page.locator("nav.my-whose").getByRole("link", { name: "Ingrid Solbakken" }).click();
    await page.getByRole("heading", { name: "Siden til Ingrid Solbakken" }).waitFor();
    await bar(page, "Journal").click();
    await page.getByRole("link", { name: /Medisiner/ }).click();
    await page.getByRole("heading", { name: "Medisiner", exact: true }).waitFor();
    const ask = page.getByRole("button", { name: /Be om ny resept/ });
    const before = await ask.count();
    assert(before > 0, "there is something to ask for");
    await ask.first().click();
    await page.getByText("Vi har sendt spørsmålet til fastlegen.").waitFor();
    assert((await ask.count()) === before - 1, "it is asked for");
    assert((await page.getByText("Du ba om ny resept").count()) >= 1, "and says so");
  },

  "every page is sound: narrow and wide, light and dark, in three languages": async (browser) => {
    for (const [name, viewport] of Object.entries({
      narrow: { width: 320, height: 640 }, phone: PHONE.viewport, wide: { width: 1366, height: 768 },
    })) {
      for (const colorScheme of name === "phone" ? ["light"] : ["light", "dark"]) {
        const page = await enter(browser, own, { viewport, colorScheme });
        const root = new URL(await bar(page, "Hjem").getAttribute("href"), base).href;
        for (const [state, path] of Object.entries(PAGES)) {
          await page.goto(root + path);
          await page.locator("nav.my-bar").waitFor();
          await assertSound(page, `${state}, ${name}, ${colorScheme}`);
          await picture(page, screenshots, `citizen-${state}-${name}-${colorScheme}`);
        }
      }
    }
    const page = await enter(browser, own);
    await bar(page, "Mer").click();
    for (const [language, home] of [["English", "Home"], ["Nynorsk", "Heim"], ["Bokmål", "Hjem"]]) {
      await page.getByRole("button", { name: language }).click();
      await bar(page, home).waitFor();
      await assertSound(page, language);
    }
  },
};

const PAGES = {
  home: "", letters: "/meldinger", "new-letter": "/meldinger/ny", times: "/timer",
  booking: "/timer/ny", more: "/mer", journal: "/journal", results: "/journal/provesvar",
  medicines: "/journal/medisiner", vaccinations: "/journal/vaksiner", documents: "/journal/dokumenter",
  measurements: "/journal/malinger",
};

await run(cases, CASE_SECONDS_MAX, screenshots);
