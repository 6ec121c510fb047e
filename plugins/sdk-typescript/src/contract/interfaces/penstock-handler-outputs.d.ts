// Generated from wit/ by tools/contract.mjs.
/// <reference path="./penstock-handler-types.d.ts" />
declare module 'penstock:handler/outputs@0.1.0' {
  /**
   * Emit a record to the output with this index in `description.outputs`.
   *
   * `timestamp-ms` is in milliseconds since 1970; `none` leaves it to the host.
   */
  export function emit(to: number, key: Uint8Array | undefined, value: Uint8Array | undefined, headers: Array<Header>, timestampMs: bigint | undefined): void;
  export type Header = import('penstock:handler/types@0.1.0').Header;
}
