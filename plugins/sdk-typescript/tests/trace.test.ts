import assert from "node:assert/strict";
import { test } from "node:test";

import { trace } from "../src/component/trace.ts";

/** Line 1 of the bundle is the SDK's, line 2 is line 5 of the source, line 3 has lines 7 and 8. */
const map = {
  file: "plugin.js",
  sources: ["src/handler.ts", null],
  mappings: "ACAA;ADIA;AAEA,UACA",
};

function thrown(stack: string): Error {
  return Object.assign(new Error("broken"), { stack });
}

test("frames are told in the author's lines, in each engine's form", () => {
  const expected = "at breaks (src/handler.ts:5)\nat (anonymous) (src/handler.ts:8)";
  const stacks = [
    "breaks@plugin.js:2:9\n@plugin.js:3:12\nhandle@plugin.js:1:1\n@initializer.js:5:6\n",
    "breaks@plugin.js:2:9\nhandler_default</<@plugin.js:3:12\nhandle@plugin.js:1:1\n",
    "Error: broken\n    at breaks (plugin.js:2:9)\n    at plugin.js:3:12\n    at handle (plugin.js:1:1)\n",
  ];
  for (const stack of stacks) assert.equal(trace(thrown(stack), map), expected);
});

test("what has no stack has no trace", () => {
  assert.equal(trace("a text", map), "");
  assert.equal(trace(thrown("at native"), map), "");
});
