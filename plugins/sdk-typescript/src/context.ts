/** What a handler may know of its surroundings. */

import { host } from "./host.ts";

/** The record's timestamp in milliseconds since 1970; 0 where it has none. There is no other clock. */
export function nowMs(): bigint {
  return host().nowMs();
}

/**
 * 128 bits derived from handler, topic, partition and offset: the same for the same record, so that
 * whatever is generated from them is repeated when the record is.
 */
export function seed(): [bigint, bigint] {
  return host().seed();
}

/** Which call for this record this is: 1, 2, … The one answer that differs when a record comes again. */
export function attempt(): number {
  return host().attempt();
}
