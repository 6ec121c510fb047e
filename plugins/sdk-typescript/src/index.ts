/**
 * Write Penstock handlers in TypeScript.
 *
 * A handler gets one Kafka record a call, emits records to its outputs, and answers what became of
 * it:
 *
 * ```ts
 * import { plugin, setting, skip } from "@penstock/sdk";
 *
 * export default plugin(
 *   {
 *     name: "shout",
 *     version: "0.1.0",
 *     outputs: { loud: "Each text, in capitals" },
 *     settings: { mark: setting.withDefault("What to end with", "!") },
 *   },
 *   ({ settings, emit }) =>
 *     (message) => {
 *       if (message.value === null) return skip("tombstone", "nothing to shout");
 *       emit("loud", { key: message.key, value: message.text().toUpperCase() + settings.mark });
 *     },
 * );
 * ```
 *
 * What holds:
 * - What was emitted is sent when the function returns, and dropped when it skips or throws.
 * - {@link Reject} is for a record that is never going to be handled, {@link Retry} for what may
 *   pass by itself. Any other exception is a crash: its message, and the trace with your files and
 *   lines, are in the dead letter.
 * - The same record may come again. `Date.now()` is the record's timestamp and `Math.random()` is
 *   seeded by where the record lies: both repeat themselves when the record does.
 * - Offsets and timestamps are BigInt; {@link stringify} writes them with all their digits.
 * - `console.log` and its like write to the host's log.
 *
 * @module
 */

export * as context from "./context.ts";
export { Reject, Retry, Skip, skip } from "./failures.ts";
export { type Fields, type Shape, parse, stringify } from "./json.ts";
export { Message } from "./message.ts";
export type { Bytes, Header, Timestamp } from "./message.ts";
export { plugin } from "./plugin.ts";
export type { Definition, Emit, Handle, Plugin, Record, Start } from "./plugin.ts";
export { type Setting, setting } from "./settings.ts";
