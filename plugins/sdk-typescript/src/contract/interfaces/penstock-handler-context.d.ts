// Generated from wit/ by tools/contract.mjs.
declare module 'penstock:handler/context@0.1.0' {
  /**
   * The record's timestamp, in milliseconds since 1970; 0 where it has none.
   */
  export function nowMs(): bigint;
  /**
   * 128 bits derived from handler, topic, partition and offset: seed a generator with them.
   */
  export function seed(): [bigint, bigint];
  /**
   * Which call for this record this is: 1, 2, … The one answer that differs between calls.
   */
  export function attempt(): number;
}
