/** Runs a folder's `*.test.ts` with Node's test runner, which takes JavaScript alone. */

import { spawnSync } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import esbuild from "esbuild";

const OUT = "build/test";

/** Ends the process with the tests' status. */
export async function test(folder) {
  await rm(OUT, { recursive: true, force: true });
  const names = (await readdir(folder)).filter((name) => name.endsWith(".test.ts"));
  await esbuild.build({
    entryPoints: names.map((name) => join(folder, name)),
    outdir: OUT,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    outbase: folder,
    sourcemap: "linked",
    logLevel: "warning",
  });
  const files = names.map((name) => join(OUT, name.replace(/\.ts$/, ".mjs")));
  const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], {
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
}
