/** `console.log` and its like, as lines of the host's log. */

import { host, type Level, LEVELS } from "./host.ts";
import { stringify } from "./json.ts";

const METHODS: { [method: string]: Level } = {
  trace: "trace",
  debug: "debug",
  log: "info",
  info: "info",
  warn: "warn",
  error: "error",
};

/** A console that writes to the log, and does otherwise what `other` does. */
export function logging(other: Console): Console {
  const methods: { [method: string]: (...what: unknown[]) => void } = {};
  for (const [method, level] of Object.entries(METHODS)) {
    methods[method] = (...what) => {
      if (keeps(level)) host().write(level, what.map(shown).join(" "));
    };
  }
  return Object.assign(Object.create(other ?? null), methods);
}

/** Asked first, so that a dropped line is not put together. */
function keeps(level: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(host().maxLevel());
}

function shown(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return stringify(value);
  } catch {
    return String(value);
  }
}
