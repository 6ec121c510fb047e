/**
 * Writes `src/contract`, the contract's types, from `wit/`: to be run where the tools are installed,
 * `node sdk/tools/contract.mjs [--check]`.
 */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { types } from "@bytecodealliance/jco";

const WIT = "wit";
const TO = fileURLToPath(new URL("../src/contract", import.meta.url));
const MARK = "// Generated from wit/ by tools/contract.mjs.\n";

const check = process.argv[2] === "--check";
for (const [name, bytes] of Object.entries(await types(WIT, { worldName: "plugin", guest: true }))) {
  const text = MARK + new TextDecoder().decode(bytes).replace(/[ \t]+$/gm, "");
  const path = join(TO, name);
  if (!check) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  } else if (await readFile(path, "utf8") !== text) {
    console.error(`${path} differs from wit/: run tools/contract.mjs`);
    process.exitCode = 1;
  }
}
