import assert from "node:assert/strict";
import { test } from "node:test";

import { Message, parse, Reject, stringify } from "../src/index.ts";

test("BigInt keeps all its digits, and the rest is as JSON.stringify has it", () => {
  const date = new Date(0);
  for (const value of [null, undefined, 1.5, "ü\n\"", [undefined, () => 1], { a: undefined, b: [{}] }, date]) {
    const expected = JSON.stringify(value) ?? "null";
    assert.equal(stringify(value), expected);
    const inside = JSON.stringify({ value }).slice(1, -1);
    assert.equal(stringify({ n: 1n, value }), `{"n":1${inside && `,${inside}`}}`);
  }
  assert.equal(stringify([9223372036854775807n, -1n]), "[9223372036854775807,-1]");
});

test("a field that is wrong is named", () => {
  const of = (value: string) =>
    new Message(0, 0n, { kind: "unknown", ms: null }, null, new TextEncoder().encode(value), []);
  const shape = { name: "string", age: "number?" } as const;
  assert.deepEqual(of('{"name":"Ada","more":1}').fields(shape), { name: "Ada" });
  assert.deepEqual(of('{"name":"Ada","age":null}').fields(shape), { name: "Ada" });
  for (
    const [value, problem] of [
      ["{}", "name: missing, expected a string"],
      ['{"name":7}', "name: expected a string, found a number"],
      ['{"name":["Ada"]}', "name: expected a string, found an array"],
      ['{"name":"Ada","age":{}}', "age: expected a number, found an object"],
      ['{"toString":1}', "name: missing, expected a string"],
      ["[]", "expected a JSON object"],
    ] as const
  ) {
    assert.throws(() => of(value).fields(shape), new Reject("invalid-event", problem));
  }
  assert.throws(() => parse("{"), { code: "invalid-event", message: /^not JSON: / });
});

test("what is no text is rejected", () => {
  const of = (value: Uint8Array | null) =>
    new Message(0, 0n, { kind: "unknown", ms: null }, null, value, []);
  assert.throws(() => of(Uint8Array.of(0xff)).text(), { code: "invalid-event", message: "not UTF-8" });
  assert.throws(() => of(null).text(), { code: "invalid-event" });
  assert.equal(of(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)).text(), "\ufeffa");
});
