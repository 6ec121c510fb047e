/**
 * A fake host, so that plugins are tested by any test runner:
 *
 * ```ts
 * const run = instance(shout, { mark: "?" }).handle({ value: "hello" });
 * assert.equal(run.outputs[0].text(), "HELLO?");
 * ```
 *
 * It keeps the contract's rules: outputs are dropped unless the handler succeeds, and a reason code
 * that the host would refuse fails the test. An exception that is neither a `Reject` nor a `Retry`
 * is thrown on.
 *
 * @module
 */

import { logging } from "./console.ts";
import { Reject, Retry, Skip } from "./failures.ts";
import { type Host, type Level, replaceHost } from "./host.ts";
import { type Bytes, type Header, Message, type Timestamp } from "./message.ts";
import type { Plugin } from "./plugin.ts";

/** A record to be handled; what is left out is null, none, or 0. */
export interface Input {
  value?: Bytes | string;
  key?: Bytes | string;
  headers?: { name: string; value: Bytes | string }[];
  partition?: number;
  offset?: bigint | number;
  /** The start of 2026, set by the producer, if left out. */
  timestamp?: Timestamp;
  /** Which call for this record it is; the first if left out. */
  attempt?: number;
}

/** What became of a record. */
export interface Run {
  /** `undefined` is success. */
  result: Skip | Reject | Retry | undefined;
  /** What the host would send. */
  outputs: Emitted[];
  /** What was logged with `console`. */
  log: { level: Level; text: string }[];
}

/** A record that a handler emitted. */
export class Emitted {
  constructor(
    /** The output's name. */
    readonly output: string,
    readonly key: Bytes,
    readonly value: Bytes,
    readonly headers: readonly Header[],
    /** Milliseconds since 1970, where they were given. */
    readonly timestampMs: bigint | null,
  ) {}

  /** The value as text. */
  text(): string {
    if (this.value === null) throw new Error("a tombstone has no text");
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.value);
  }

  /** The value as JSON. */
  json(): unknown {
    return JSON.parse(this.text());
  }
}

/** A configured plugin, fed one record after another. */
export interface Instance {
  handle(input: Input): Run;
}

/** A plugin with these settings. Throws all that is wrong with them. */
export function instance(
  plugin: Plugin,
  settings: { [name: string]: string } = {},
  topic = "topic",
): Instance {
  const started = plugin.configure(topic, Object.entries(settings));
  if ("problems" in started) {
    const problems = started.problems.map(({ name, problem }) => `${name}: ${problem}`);
    throw new Error(problems.join("\n"));
  }
  return { handle: (input) => handle(plugin, topic, started.handle, input) };
}

function handle(
  plugin: Plugin,
  topic: string,
  call: (message: Message) => Skip | void,
  input: Input,
): Run {
  const run: Run = { result: undefined, outputs: [], log: [] };
  const names = Object.keys(plugin.definition.outputs);
  const timestamp = input.timestamp ?? { kind: "create-time", ms: 1_767_225_600_000n };
  const { partition = 0, offset = 0, attempt = 1 } = input;
  const headers = (input.headers ?? []).map(({ name, value }) => ({ name, value: bytes(value) }));
  const host: Host = {
    emit: (to, key, value, headers, timestampMs) => {
      run.outputs.push(new Emitted(names[to]!, key, value, headers, timestampMs));
    },
    maxLevel: () => "trace",
    write: (level, text) => run.log.push({ level, text }),
    nowMs: () => timestamp.ms ?? 0n,
    seed: () => seed(`${plugin.definition.name}/${topic}/${partition}/${offset}`),
    attempt: () => attempt,
  };
  const message = new Message(
    partition,
    BigInt(offset),
    timestamp,
    bytes(input.key),
    bytes(input.value),
    plugin.definition.headers ? headers : [],
  );
  const [before, consoleBefore] = [replaceHost(host), globalThis.console];
  globalThis.console = logging(consoleBefore);
  try {
    run.result = call(message) ?? undefined;
  } catch (error) {
    if (!(error instanceof Reject || error instanceof Retry)) throw error;
    run.result = error;
  } finally {
    replaceHost(before);
    globalThis.console = consoleBefore;
  }
  if (run.result !== undefined) {
    run.outputs = [];
    const { code } = run.result;
    if (!/^[a-z0-9-]{1,64}$/.test(code)) throw new Error(`reason code "${code}" is not [a-z0-9-]{1,64}`);
  }
  return run;
}

function bytes(value: Bytes | string | undefined): Bytes {
  return typeof value === "string" ? new TextEncoder().encode(value) : value ?? null;
}

/** Any numbers that are the same for the same place. */
function seed(place: string): [bigint, bigint] {
  let [high, low] = [0x9e3779b97f4a7c15n, 0xbf58476d1ce4e5b9n];
  for (const character of place) {
    high = BigInt.asUintN(64, (high ^ BigInt(character.codePointAt(0)!)) * 0x100000001b3n);
    low = BigInt.asUintN(64, (low + high) * 0x94d049bb133111ebn);
  }
  return [high, low];
}
