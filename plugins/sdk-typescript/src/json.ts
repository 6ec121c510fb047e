/** JSON that names the field which is wrong, and that writes BigInt. */

import { Reject } from "./failures.ts";

/** Types of fields; with a `?`, the field may be missing or null. */
export type Shape = { readonly [name: string]: Type | `${Type}?` };
type Type = "string" | "number" | "boolean" | "object" | "array";

type TypeOf<T> = T extends "string" ? string
  : T extends "number" ? number
  : T extends "boolean" ? boolean
  : T extends "object" ? { [name: string]: unknown }
  : T extends "array" ? unknown[]
  : T extends `${infer Of}?` ? TypeOf<Of> | undefined
  : never;

/** What a {@link Shape} describes. */
export type Fields<S extends Shape> = { [Name in keyof S]: TypeOf<S[Name]> };

/** Reads JSON. Throws a {@link Reject}, `invalid-event`, where the text is none. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Reject("invalid-event", `not JSON: ${why}`);
  }
}

/** The fields of a JSON object; see `Message.fields`. */
export function fieldsOf<const S extends Shape>(value: unknown, shape: S): Fields<S> {
  if (typeOf(value) !== "object") throw new Reject("invalid-event", "expected a JSON object");
  const given = value as { [name: string]: unknown };
  const fields: { [name: string]: unknown } = {};
  for (const name of Object.keys(shape)) {
    const optional = shape[name]!.endsWith("?");
    const type = optional ? shape[name]!.slice(0, -1) : shape[name]!;
    const found = Object.hasOwn(given, name) ? given[name] : undefined;
    if (typeOf(found) === type) {
      fields[name] = found;
    } else if (!optional || (found !== undefined && found !== null)) {
      const expected = `expected ${named(type)}`;
      const problem = found === undefined ? `missing, ${expected}` : `${expected}, found ${named(typeOf(found))}`;
      throw new Reject("invalid-event", `${name}: ${problem}`);
    }
  }
  return fields as Fields<S>;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function named(type: string): string {
  if (type === "null") return type;
  return `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`;
}

/**
 * As `JSON.stringify`, which throws on a BigInt; here it is a number with all its digits, so that
 * offsets and timestamps can be written.
 */
export function stringify(value: unknown): string {
  if (!bigints) {
    try {
      return JSON.stringify(value) ?? "null";
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      bigints = true;
    }
  }
  return write(value) ?? "null";
}

/** Once there was a BigInt there will be others, and an exception is the slowest way to find one. */
let bigints = false;

/** What JSON leaves out is `undefined`. */
function write(value: unknown): string | undefined {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if ("toJSON" in value && typeof value.toJSON === "function") return write(value.toJSON());
  if (Array.isArray(value)) return `[${value.map((one) => write(one) ?? "null").join()}]`;
  const members = Object.entries(value).flatMap(([name, of]) => {
    const written = write(of);
    return written === undefined ? [] : [`${JSON.stringify(name)}:${written}`];
  });
  return `{${members.join()}}`;
}
