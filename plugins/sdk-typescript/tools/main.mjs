/**
 * Builds a plugin's component, and runs its tests: `node sdk/tools/main.mjs build --out FILE`,
 * `… test [FOLDER]`. To be run in the plugin's folder, with its tools installed.
 */

import { build } from "./build.mjs";
import { test } from "./test.mjs";

const [command, ...rest] = process.argv.slice(2);
if (command === "build" && rest.length === 2 && rest[0] === "--out") {
  await build(rest[1]);
} else if (command === "test" && rest.length <= 1) {
  await test(rest[0] ?? "test");
} else {
  console.error("usage: node sdk/tools/main.mjs build --out FILE | test [FOLDER]");
  process.exit(2);
}
