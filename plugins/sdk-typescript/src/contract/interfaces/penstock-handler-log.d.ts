// Generated from wit/ by tools/contract.mjs.
declare module 'penstock:handler/log@0.1.0' {
  /**
   * The most verbose level that the host keeps: ask first, and a dropped line costs nothing.
   */
  export function maxLevel(): Level;
  /**
   * Write a line.
   */
  export function write(level: Level, text: string): void;
  /**
   * From the most verbose to the most urgent.
   * # Variants
   *
   * ## `"trace"`
   *
   * Step by step.
   * ## `"debug"`
   *
   * For the plugin's author.
   * ## `"info"`
   *
   * Worth knowing.
   * ## `"warn"`
   *
   * Worth a look.
   * ## `"error"`
   *
   * Something broke.
   */
  export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error';
}
