/** The host's functions: the contract's imports in a component, a fake in tests. */

import type { Header } from "./message.ts";

export const LEVELS = ["trace", "debug", "info", "warn", "error"] as const;
/** From the most verbose to the most urgent. */
export type Level = (typeof LEVELS)[number];

/** What a host gives. */
export interface Host {
  emit(
    to: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: Header[],
    timestampMs: bigint | null,
  ): void;
  maxLevel(): Level;
  write(level: Level, text: string): void;
  nowMs(): bigint;
  seed(): [bigint, bigint];
  attempt(): number;
}

let current: Host | undefined;

/** The host of this process; there is one in a component and within a test's call. */
export function host(): Host {
  if (current === undefined) {
    throw new Error("only a handler that is being called may ask the host");
  }
  return current;
}

/** Makes `other` the host; the one that was. */
export function replaceHost(other: Host | undefined): Host | undefined {
  const before = current;
  current = other;
  return before;
}
