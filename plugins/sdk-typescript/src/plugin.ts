/** A plugin: what it says of itself, and the function that handles a record. */

import type { Skip } from "./failures.ts";
import { host } from "./host.ts";
import type { Bytes, Header, Message } from "./message.ts";
import { type Declared, type Given, type Problem, read } from "./settings.ts";

/** What a plugin says of itself. */
export interface Definition<Outputs extends string, Settings extends Declared> {
  /** The plugin's own name. */
  readonly name: string;
  /** The plugin's own version. */
  readonly version: string;
  /** Its outputs: a name, as in the configuration's `outputs`, and what is in it. */
  readonly outputs: { readonly [Name in Outputs]: string };
  /** The settings that it understands. */
  readonly settings?: Settings;
  /** Whether it wants the records' headers. They come only when asked for. */
  readonly headers?: boolean;
}

/** A record to emit. What is left out is null, or none. */
export interface Record {
  readonly key?: Bytes | string;
  /** `null` is a tombstone. */
  readonly value?: Bytes | string;
  /** In order; names may repeat. */
  readonly headers?: readonly { readonly name: string; readonly value: Bytes | string }[];
  /** Milliseconds since 1970; left out, it is the host's to choose. */
  readonly timestampMs?: bigint | number | null;
}

/** Emits a record to one of the outputs. */
export type Emit<Outputs extends string> = (to: Outputs, record: Record) => void;

/** What a plugin starts with: once for each topic and instance, before the first record. */
export interface Start<Outputs extends string, Settings extends Declared> {
  readonly topic: string;
  readonly settings: Given<Settings>;
  readonly emit: Emit<Outputs>;
}

/** Handles one record. Nothing returned is success; or `return skip(…)`. */
export type Handle = (message: Message) => Skip | void;

/** A plugin, for the SDK. */
export interface Plugin {
  readonly definition: Definition<string, Declared>;
  configure(
    topic: string,
    given: readonly (readonly [string, string])[],
  ): { handle: Handle } | { problems: Problem[] };
}

/**
 * A plugin, to be the default export of a module. `start` makes the function that handles records;
 * what it needs for all of them is made there once.
 */
export function plugin<const Outputs extends string, const Settings extends Declared = {}>(
  definition: Definition<Outputs, Settings>,
  start: (start: Start<Outputs, Settings>) => Handle,
): Plugin {
  const declared = definition.settings ?? ({} as Settings);
  return {
    definition,
    configure(topic, given) {
      const { settings, problems } = read(declared, given);
      if (problems.length > 0) return { problems };
      return { handle: start({ topic, settings, emit: emitter(Object.keys(definition.outputs)) }) };
    },
  };
}

const utf8 = new TextEncoder();

function bytes(value: Bytes | string | undefined): Bytes {
  return typeof value === "string" ? utf8.encode(value) : value ?? null;
}

function emitter(outputs: string[]): Emit<string> {
  const indexes = new Map(outputs.map((name, index) => [name, index]));
  const none: Header[] = [];
  return (to, record) => {
    const index = indexes.get(to);
    if (index === undefined) throw new Error(`the plugin declares no output "${to}"`);
    const headers = record.headers?.map(({ name, value }) => ({ name, value: bytes(value) }));
    const time = record.timestampMs ?? null;
    host().emit(
      index,
      bytes(record.key),
      bytes(record.value),
      headers ?? none,
      time === null ? null : BigInt(time),
    );
  };
}
