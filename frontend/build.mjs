// Write what browsers get into the package: one file for each entry, and whose code is in them.
//
// node build.mjs [folder]   the folder is src/connectsmith/web/static unless a test names another.
// A new entry goes into ENTRIES; every page says in its template which script it needs.

import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const INTO = path.resolve(process.argv[2] ?? path.join(HERE, "../src/connectsmith/web/static"));
const ENTRIES = {
  workbench: "src/workbench.ts",
  debugger: "src/debugger.ts",
  window: "src/window.ts",
  editor: "src/editor/main.ts",
  "editor-style": "styles/editor.css",
  "workbench-style": "styles/workbench.css",
  "outside-style": "styles/outside.css",
};

function packagesOf(metafile) {
  const found = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const match = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) found.add(match[1]);
  }
  return [...found].sort();
}

async function notice(name) {
  const folder = path.join(HERE, "node_modules", name);
  const about = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
  const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
  if (!file) throw new Error(`${name} has no licence file`);
  const text = (await readFile(path.join(folder, file), "utf8")).replaceAll("\r\n", "\n").trim();
  return `${name} ${about.version} (${about.license})\n\n${text}\n`;
}

async function notices(metafile) {
  const parts = await Promise.all(packagesOf(metafile).map(notice));
  const head = "The scripts in this folder contain the following software.\n";
  return [head, ...parts].join(`\n${"-".repeat(80)}\n\n`);
}

if (!existsSync(INTO)) await mkdir(INTO, { recursive: true });
const { metafile } = await build({
  absWorkingDir: HERE,
  entryPoints: ENTRIES,
  outdir: INTO,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["chrome111", "firefox113", "safari16.4"],
  charset: "utf8",
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});
await writeFile(path.join(INTO, "NOTICES.txt"), await notices(metafile));
