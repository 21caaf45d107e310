// Builds the page's script and style sheet (built/), or with --emulator the page to test on
// (emulator/built/). With --check nothing is written: the exit status is 1 if built/ is out of date.
import { Buffer } from "node:buffer";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import console from "node:console";
import process from "node:process";
import { fileURLToPath } from "node:url";
import esbuild from "esbuild";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const shim = (name) => path.join(HERE, "src", "shims", `${name}.cjs`);

// Stash's page brings these; the script takes them from window.PluginApi.
const FROM_STASH = {
  react: shim("react"),
  "react-router-dom": shim("reactRouterDom"),
  "react-bootstrap": shim("reactBootstrap"),
  "@apollo/client": shim("apollo"),
};

const COMMON = {
  absWorkingDir: HERE,
  bundle: true,
  charset: "utf8",
  format: "iife",
  jsx: "transform",
  legalComments: "none",
  logLevel: "warning",
  minify: true,
  target: "es2019",
  write: false,
};

async function buildPage() {
  const license = await readFile(path.join(HERE, "node_modules/uplot/LICENSE"), "utf8");
  const banner = `/*! Built by \`make ui\` from ui/src; change the sources instead.\nContains uPlot:\n${license.trim()} */`;
  const result = await esbuild.build({
    ...COMMON,
    alias: FROM_STASH,
    banner: { js: banner },
    entryPoints: { plexsync: "src/main.tsx" },
    outdir: "built",
  });
  return result.outputFiles;
}

async function buildEmulator() {
  const result = await esbuild.build({
    ...COMMON,
    define: { "process.env.NODE_ENV": '"production"' },
    entryPoints: { page: "emulator/main.tsx" },
    outdir: "emulator/built",
  });
  const axe = await readFile(path.join(HERE, "node_modules/axe-core/axe.min.js"));
  return [...result.outputFiles, { path: path.join(HERE, "emulator/built/axe.js"), contents: axe }];
}

async function isCurrent(file) {
  const stored = await readFile(file.path).catch(() => Buffer.alloc(0));
  return stored.equals(Buffer.from(file.contents));
}

async function main() {
  if (process.argv.includes("--check")) {
    const files = await buildPage();
    const current = await Promise.all(files.map(isCurrent));
    const stale = files.filter((_, place) => !current[place]).map((file) => file.path);
    for (const name of stale) console.error(`${path.relative(HERE, name)} is out of date: make ui`);
    process.exitCode = stale.length > 0 ? 1 : 0;
    return;
  }
  const files = process.argv.includes("--emulator") ? await buildEmulator() : await buildPage();
  for (const file of files) {
    await mkdir(path.dirname(file.path), { recursive: true });
    await writeFile(file.path, file.contents);
  }
}

await main();
