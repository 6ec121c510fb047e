// Generated from wit/ by tools/contract.mjs.
/// <reference path="./penstock-handler-types.d.ts" />
declare module 'penstock:handler/handler@0.1.0' {
  /**
   * Pure: the host calls it before anything starts, to find what the configuration lacks.
   */
  export function describe(): Description;
  /**
   * Called once an instance, before the first `handle`, with all settings that were given.
   */
  export function configure(topic: string, settings: Array<[string, string]>): void;
  /**
   * Handle one record.
   */
  export function handle(m: Message): Outcome;
  export type Message = import('penstock:handler/types@0.1.0').Message;
  export type Outcome = import('penstock:handler/types@0.1.0').Outcome;
  export type Failure = import('penstock:handler/types@0.1.0').Failure;
  export type Description = import('penstock:handler/types@0.1.0').Description;
  export type SettingError = import('penstock:handler/types@0.1.0').SettingError;
}
