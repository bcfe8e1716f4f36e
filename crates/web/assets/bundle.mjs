// Puts the pages' assets together: concatenates, names by content hash, compresses ahead of time.
//
// Called by build.rs as `node assets/bundle.mjs OUT_DIR`. Writes the files and `assets.json`, the
// list of them, there. Third-party files come from node_modules (pinned by package-lock.json).

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "..", "node_modules");
const out = process.argv[2];

// Our own files of a kind: those that come first, the others by name, those that come last.
function own(kind, first, last) {
  const all = readdirSync(here).filter((name) => name.endsWith(`.${kind}`)).sort();
  const between = all.filter((name) => !first.includes(name) && !last.includes(name));
  return [...first, ...between, ...last].map((name) => join(here, name));
}

const BUNDLES = [
  {
    name: "style",
    extension: "css",
    mediaType: "text/css; charset=utf-8",
    parts: [
      join(modules, "@digdir/designsystemet-css/dist/src/index.css"),
      join(modules, "@digdir/designsystemet-css/dist/theme/designsystemet.css"),
      ...own("css", ["tokens.css", "page.css", "chart.css"], ["print.css"]),
    ],
  },
  {
    name: "script",
    extension: "js",
    mediaType: "text/javascript; charset=utf-8",
    parts: [join(modules, "htmx.org/dist/htmx.min.js"), ...own("js", ["page.js"], [])],
  },
  {
    name: "components",
    extension: "js",
    mediaType: "text/javascript; charset=utf-8",
    parts: [join(modules, "@digdir/designsystemet-web/dist/umd/index.js")],
  },
  {
    name: "icon",
    extension: "svg",
    mediaType: "image/svg+xml",
    parts: [join(here, "icon.svg")],
  },
];

// A source map that is not served would only make the browser ask for it in vain.
const withoutSourceMap = (text) => text.replace(/^(\/\/|\/\*)# sourceMappingURL=.*$/gm, "");

mkdirSync(out, { recursive: true });
const list = BUNDLES.map(({ name, extension, mediaType, parts }) => {
  const text = parts.map((part) => withoutSourceMap(readFileSync(part, "utf8"))).join("\n");
  const plain = Buffer.from(text, "utf8");
  const hash = createHash("sha256").update(plain).digest("hex").slice(0, 16);
  const file = `${name}-${hash}.${extension}`;
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  writeFileSync(join(out, file), plain);
  writeFileSync(join(out, `${file}.gz`), gzipSync(plain, { level: 9 }));
  writeFileSync(join(out, `${file}.br`), brotliCompressSync(plain, quality));
  return { name, file, mediaType };
});
writeFileSync(join(out, "assets.json"), JSON.stringify(list));
