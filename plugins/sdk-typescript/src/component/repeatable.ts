/**
 * What the engine has of the world outside: a clock and random numbers, and nothing else. Both repeat
 * themselves when a record does, on a fresh instance and on one that has handled others: `Date` has
 * the record's time, `Math.random` and `crypto` begin anew with each record, from the host's seed.
 */

import { host } from "../host.ts";

let random: (() => number) | undefined;

/** Before each record: random numbers begin anew. */
export function startRecord(): void {
  random = undefined;
}

/** Takes the places of the engine's own. */
export function repeatable(): void {
  for (const name of ["fetch", "setTimeout", "setInterval"]) {
    Object.defineProperty(globalThis, name, { value: () => refuse(name) });
  }
  const now = () => Number(host().nowMs());
  globalThis.Date = new Proxy(Date, {
    construct: (date, given, target) =>
      Reflect.construct(date, given.length === 0 ? [now()] : given, target),
    apply: (date) => new date(now()).toString(),
    get: (date, name, target) => name === "now" ? now : Reflect.get(date, name, target),
  });
  Math.random = () => (word() * 2 ** 21 + (word() >>> 11)) / 2 ** 53;
  const crypto = globalThis.crypto;
  if (crypto === undefined) return;
  const fill = <T extends ArrayBufferView>(view: T): T => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    for (let at = 0; at < bytes.length; at++) bytes[at] = word();
    return view;
  };
  Object.defineProperties(crypto, {
    getRandomValues: { value: fill },
    randomUUID: { value: () => uuid(fill(new Uint8Array(16))) },
  });
}

/** The engine would trap, which names no line. */
function refuse(name: string): never {
  throw new Error(`${name}: a handler has neither network nor timers`);
}

function word(): number {
  random ??= sfc32(host().seed());
  return random();
}

/** Chris Doty-Humphrey's small fast counter: 32 bits a call, of 128 bits. */
function sfc32([high, low]: [bigint, bigint]): () => number {
  const part = (of: bigint, shift: bigint) => Number(BigInt.asUintN(32, of >> shift));
  let [a, b, c, d] = [part(high, 32n), part(high, 0n), part(low, 32n), part(low, 0n)];
  return () => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return sum >>> 0;
  };
}

/** Version 4. */
function uuid(bytes: Uint8Array): string {
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
