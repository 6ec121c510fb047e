//! The only unsafe code that touches librdkafka: thin, owned wrappers over `rdkafka-sys`.
//!
//! rdkafka's own consumer loses topic and partition of an error, panics on a header name that is
//! not UTF-8, and may hang when it is dropped; so events are taken from librdkafka's queues here.
//! Nothing in this folder decides anything.

mod callbacks;
mod event;
mod exit;
mod freeze;
mod handle;
mod list;
mod lookup;
mod mock;
mod produce;
mod queue;
mod reach;
mod tokens;
mod transaction;

use std::fmt;

use rdkafka::error::RDKafkaErrorCode;

pub use event::{Event, EventKind, Message};
pub use freeze::Frozen;
pub use handle::{Handle, Role};
pub use list::PartitionOffset;
pub use mock::MockCluster;
pub use produce::{Headers, Produced, TopicHandle};
pub use queue::Queue;
pub use transaction::{Members, TransactionError};

/// librdkafka's logical offset "none": nothing is committed, or no record has that timestamp.
pub const OFFSET_NONE: i64 = rdkafka_sys::RD_KAFKA_OFFSET_INVALID as i64;
/// Asks for the log's end, as an offset or in place of a timestamp.
pub const OFFSET_END: i64 = rdkafka_sys::RD_KAFKA_OFFSET_END as i64;
/// Asks for the log's first record, as an offset or in place of a timestamp.
pub const OFFSET_BEGINNING: i64 = rdkafka_sys::RD_KAFKA_OFFSET_BEGINNING as i64;

/// librdkafka's "any partition".
const PARTITION_ANY: i32 = -1;

/// What the client reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// librdkafka's or the broker's code.
    pub code: RDKafkaErrorCode,
    /// The client's words.
    pub text: String,
    /// Whether the client is of no use any more.
    pub fatal: bool,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

impl From<RDKafkaErrorCode> for Error {
    fn from(code: RDKafkaErrorCode) -> Self {
        Error {
            code,
            text: code.to_string(),
            fatal: false,
        }
    }
}
