//! What a handler may know of its surroundings.

use crate::host;

/// The record's timestamp in milliseconds since 1970; 0 where it has none. There is no other clock.
pub fn now_ms() -> i64 {
    host::now_ms()
}

/// 128 bits derived from handler, topic, partition and offset: the same for the same record, so
/// that whatever is generated from them is repeated when the record is.
pub fn seed() -> (u64, u64) {
    host::seed()
}

/// Which call for this record this is: 1, 2, … after each [`crate::Failure::retry`].
///
/// The one answer that differs when a record comes again.
pub fn attempt() -> u32 {
    host::attempt()
}
