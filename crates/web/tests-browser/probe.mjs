import { open, launch, enterAs, picture, assertSound } from "./browser.mjs";
const [base, out] = process.argv.slice(2);
const browser = await launch();
for (const [name, options] of Object.entries({ wide: {}, dark: {colorScheme:"dark"}, narrow: { viewport: { width: 320, height: 640 } } })) {
  const page = await open(browser, options);
  try {
  await enterAs(page, base, "Sykepleier på sykehjem");
  await page.locator("#runde").waitFor();
  await assertSound(page, name).catch(e => console.log(e.message));
  await picture(page, out, `round-${name}`, name !== "wide" ? true : true);
  const resp = await page.request.get(base); console.log(resp.headers()["server-timing"]);
  } catch (e) { console.log(name, e.message); await picture(page, out, `round-${name}-fail`); }
}
process.exit(0);
