import assert from "node:assert/strict";
import { test } from "node:test";

import { context, plugin, Reject, Retry, setting, Skip, skip } from "../src/index.ts";
import { instance } from "../src/testing.ts";

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error("expected a whole number");
  return Number(text);
}

const shout = plugin(
  {
    name: "shout",
    version: "1.0.0",
    headers: true,
    outputs: { loud: "In capitals", other: "Never" },
    settings: {
      mark: setting.required("What to end with"),
      times: setting.withDefault("How often", "1", whole),
      note: setting.optional("Any text"),
    },
  },
  ({ topic, settings: { mark, times, note }, emit }) => (message) => {
    const text = message.text();
    console.log(topic, { offset: message.offset }, note);
    emit("loud", { key: message.key, value: text.toUpperCase() + mark.repeat(times) });
    emit("other", { headers: message.headers, timestampMs: message.timestamp.ms });
    switch (text) {
      case "skip": return skip("asked-to", "text");
      case "reject": throw new Reject("asked-to", "text");
      case "retry": throw new Retry("asked-to", "text", { afterMs: context.attempt() });
      case "code": throw new Reject("Not A Code", "text");
      case "crash": throw new TypeError("broken");
    }
  },
);

test("what is emitted and logged is there", () => {
  const one = instance(shout, { mark: "!", times: "2" }, "texts");
  const headers = [{ name: "a", value: "1" }, { name: "a", value: null }];
  const run = one.handle({ key: "k", value: "hello", offset: 2n ** 62n, headers });
  assert.equal(run.result, undefined);
  assert.deepEqual(run.outputs.map((of) => of.output), ["loud", "other"]);
  assert.equal(run.outputs[0]!.text(), "HELLO!!");
  assert.equal(run.outputs[1]!.value, null);
  assert.equal(run.outputs[1]!.headers[1]!.value, null);
  assert.equal(run.outputs[1]!.timestampMs, 1_767_225_600_000n);
  const text = 'texts {"offset":4611686018427387904} undefined';
  assert.deepEqual(run.log, [{ level: "info", text }]);
});

test("what fails emits nothing", () => {
  const one = instance(shout, { mark: "!" });
  for (const value of ["skip", "reject", "retry"]) {
    const run = one.handle({ value, attempt: 3 });
    assert.deepEqual(run.outputs, []);
    assert.equal(run.result!.code, "asked-to");
    if (run.result instanceof Retry) assert.equal(run.result.afterMs, 3);
  }
  assert.throws(() => one.handle({ value: "crash" }), TypeError);
  assert.throws(() => one.handle({ value: "code" }), /reason code/);
});

test("all that is wrong with the settings is said", () => {
  const wrong = () => instance(shout, { times: "many", colour: "red" });
  assert.throws(wrong, {
    message: "colour: unknown setting; this plugin knows: mark, times, note\n" +
      "mark: must be given: What to end with\n" +
      "times: expected a whole number",
  });
});

test("a setting that is no number is refused, though `Number` makes NaN of it", () => {
  const counts = plugin(
    { name: "n", version: "1", outputs: {}, settings: { count: setting.required("Many", Number) } },
    ({ settings: { count } }) => () => skip("counted", String(count)),
  );
  assert.throws(() => instance(counts, { count: "ten" }), {
    message: "count: expected a number, found `ten`",
  });
  assert.equal((instance(counts, { count: "10" }).handle({}).result as Skip).text, "10");
});

test("an output that is not declared is refused by the types", () => {
  plugin({ name: "n", version: "1", outputs: { out: "o" } }, ({ emit }) => () => {
    // @ts-expect-error: it is `out`
    emit("uot", {});
  });
});
