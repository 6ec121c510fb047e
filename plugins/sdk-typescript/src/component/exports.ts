/**
 * The contract's exports, for a plugin: `export const handler = component(plugin, map)`.
 *
 * Types of the contract are those that are generated from `wit/`, in `../contract`.
 */

import * as context from "penstock:handler/context@0.1.0";
import * as log from "penstock:handler/log@0.1.0";
import * as outputs from "penstock:handler/outputs@0.1.0";
import type * as handler from "penstock:handler/handler@0.1.0";

import { logging } from "../console.ts";
import { Reject, Retry, Skip } from "../failures.ts";
import { replaceHost } from "../host.ts";
import { type Bytes, type Header, Message, type Timestamp } from "../message.ts";
import type { Handle, Plugin } from "../plugin.ts";
import { type SourceMap, trace } from "./trace.ts";
import { repeatable, startRecord } from "./repeatable.ts";

const SDK = "penstock-sdk-typescript 0.1.0";

/** The exports of a component, with what its traces are told by. */
export function component(plugin: Plugin, map: () => SourceMap): typeof handler {
  let handle: Handle | undefined;
  replaceHost({
    emit: (to, key, value, headers, timestampMs) =>
      outputs.emit(to, some(key), some(value), headers.map(lower), some(timestampMs)),
    maxLevel: () => log.maxLevel(),
    write: (level, text) => log.write(level, text),
    nowMs: () => BigInt(context.nowMs()),
    seed: () => context.seed(),
    attempt: () => context.attempt(),
  });
  globalThis.console = logging(globalThis.console);
  repeatable();
  return {
    describe() {
      const { name, version, headers, outputs, settings } = plugin.definition;
      return {
        name,
        version,
        sdk: SDK,
        headers: headers ?? false,
        outputs: Object.entries(outputs).map(([name, doc]) => ({ name, doc })),
        settings: Object.entries(settings ?? {}).map(([name, of]) => ({
          name,
          doc: of.doc,
          required: of.required,
          default: of.default,
        })),
      };
    },
    configure(topic, given) {
      const started = plugin.configure(topic, given);
      if ("problems" in started) throw started.problems;
      handle = started.handle;
    },
    handle(message) {
      startRecord();
      try {
        if (handle === undefined) throw new Error("handle was called before configure");
        return outcome(handle(lift(message)));
      } catch (error) {
        throw failure(error, map);
      }
    },
  };
}

function outcome(answer: Skip | void): handler.Outcome {
  if (answer === undefined) return { tag: "done" };
  if (answer instanceof Skip) return { tag: "skip", val: { code: answer.code, text: answer.text } };
  const hint = "then" in Object(answer) ? "; a handler can't be async" : "";
  throw new TypeError(`a handler returns nothing or skip(…)${hint}`);
}

function failure(error: unknown, map: () => SourceMap): handler.Failure {
  if (error instanceof Reject) {
    return { tag: "reject", val: { code: error.code, text: error.message } };
  }
  if (error instanceof Retry) {
    const why = { code: error.code, text: error.message };
    return { tag: "retry", val: { afterMs: error.afterMs, why } };
  }
  return { tag: "crash", val: { message: message(error), trace: trace(error, map()) } };
}

/** `Error: what it says`, and what caused it. */
function message(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${String(error)}`;
  const cause = error.cause === undefined ? "" : `; caused by ${message(error.cause)}`;
  return `${error.name}: ${error.message}${cause}`;
}

function lift(message: handler.Message): Message {
  return new Message(
    message.partition,
    BigInt(message.offset),
    time(message.timestamp),
    message.key ?? null,
    message.value ?? null,
    message.headers?.map(({ name, value }): Header => ({ name, value: value ?? null })) ?? [],
  );
}

function time(timestamp: handler.Message["timestamp"]): Timestamp {
  return timestamp.tag === "unknown"
    ? { kind: "unknown", ms: null }
    : { kind: timestamp.tag, ms: BigInt(timestamp.val) };
}

function lower({ name, value }: Header): { name: string; value: Uint8Array | undefined } {
  return { name, value: some(value) };
}

/** The contract's `none`. */
function some<T>(value: T | null): T | undefined {
  return value ?? undefined;
}
