import assert from "node:assert/strict";
import { test } from "node:test";

import { Reject, Skip } from "@penstock/sdk";
import { instance } from "@penstock/sdk/testing";

import plugin from "../src/handler.ts";

const purchase = {
  eventId: "e1",
  type: "PURCHASE_CONFIRMED",
  userId: "u7",
  courseId: "c3",
  createdAt: "2026-01-01T10:00:00.000Z",
};

test("a purchase grants access", () => {
  const run = instance(plugin).handle({ key: "u7", value: JSON.stringify(purchase) });
  assert.equal(run.result, undefined);
  assert.deepEqual(run.outputs[0]?.json(), {
    type: "COURSE_ACCESS_GRANTED",
    eventId: "e1/access",
    userId: "u7",
    courseId: "c3",
    purchaseId: "e1",
    grantedAt: "2026-01-01T10:00:00.000Z",
  });
});

test("what is no purchase is rejected", () => {
  const run = instance(plugin).handle({ value: JSON.stringify({ ...purchase, userId: 7 }) });
  assert(run.result instanceof Reject);
  assert.equal(run.result.message, "userId: expected a string, found a number");
  assert.deepEqual(run.outputs, []);
});

test("a tombstone is skipped", () => {
  const run = instance(plugin).handle({ value: null });
  assert.deepEqual(run.result, new Skip("tombstone", "a purchase without a value"));
});
