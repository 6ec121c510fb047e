/** A record, as a handler gets it. */

import { Reject } from "./failures.ts";
import { type Fields, type Shape, fieldsOf, parse } from "./json.ts";

/** A key or a value: `null` is Kafka's null, which differs from no bytes. */
export type Bytes = Uint8Array | null;

/** A header. Order and duplicates are kept. */
export interface Header {
  name: string;
  value: Bytes;
}

/** When a record was made, in milliseconds since 1970, and who said so. */
export type Timestamp =
  | { kind: "unknown"; ms: null }
  | { kind: "create-time"; ms: bigint }
  | { kind: "log-append-time"; ms: bigint };

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** One record. Its topic was given to the plugin's start. */
export class Message {
  constructor(
    /** The partition's number, from 0. */
    readonly partition: number,
    /** The record's offset in its partition. */
    readonly offset: bigint,
    /** When it was made. */
    readonly timestamp: Timestamp,
    /** `null` is a null key, which differs from an empty one. */
    readonly key: Bytes,
    /** `null` is a tombstone, which differs from an empty value. */
    readonly value: Bytes,
    /** Empty unless the definition says `headers: true`. */
    readonly headers: readonly Header[],
  ) {}

  /** The value as text. Throws a {@link Reject}, `invalid-event`, where it is none. */
  text(): string {
    if (this.value === null) throw new Reject("invalid-event", "a tombstone has no text");
    try {
      return utf8.decode(this.value);
    } catch {
      throw new Reject("invalid-event", "not UTF-8");
    }
  }

  /** The value as JSON. Throws a {@link Reject}, `invalid-event`, where it is none. */
  json(): unknown {
    return parse(this.text());
  }

  /**
   * The value's fields, of these types: `message.fields({ userId: "string", amount: "number" })`.
   * A `?` behind the type allows the field to be missing or null. Throws a {@link Reject},
   * `invalid-event`, that names the field and what was expected.
   */
  fields<const S extends Shape>(shape: S): Fields<S> {
    return fieldsOf(this.json(), shape);
  }

  /** The value of the last header of this name; `undefined` where there is none. */
  header(name: string): Bytes | undefined {
    return this.headers.findLast((header) => header.name === name)?.value;
  }
}
