//! A record watched on its way through a host: what the admin listener is asked, and answers.
//!
//! The record is named by its content, since it is watched before it is sent: by the time its
//! offset is known, a host may be done with it.

use serde::{Deserialize, Serialize};

/// Which records are to be watched from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Wanted {
    /// The input topic.
    pub topic: String,
    /// Bytes of the key; `None` is a null key.
    pub key_bytes: Option<u64>,
    /// Bytes of the value; `None` is a tombstone.
    pub value_bytes: Option<u64>,
    /// SHA-256 of the key's bytes and then the value's, in hexadecimal digits.
    pub sha256: String,
}

/// A watch that was set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Opened {
    /// Its number, to ask by.
    pub watch: u64,
    /// The host's id.
    pub host: String,
}

/// What was seen of a watch's records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Seen {
    /// In the order they happened, without those that were asked to be left out.
    pub steps: Vec<Step>,
}

/// Something happened to a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// How long after the watch was set up, in microseconds.
    pub after_us: u64,
    /// The record's partition.
    pub partition: i32,
    /// The record's offset.
    pub offset: i64,
    /// What happened.
    pub event: Event,
}

/// What may happen to a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Event {
    /// The host has fetched it.
    Received,
    /// A call of a handler came back, and this was decided.
    Decided {
        /// The handler.
        handler: String,
        /// Which call it was, counted from 1.
        attempt: u32,
        /// What is to be done.
        what: Decided,
    },
    /// A message of it is in all in-sync replicas.
    Acknowledged {
        /// The handler that it is of.
        handler: String,
        /// Whether it is a dead letter; otherwise it is an output.
        dead_letter: bool,
        /// Where it lies.
        place: Place,
    },
    /// A broker refused a message of it.
    Refused {
        /// The handler that it is of.
        handler: String,
        /// Where it was to go.
        topic: String,
        /// The broker's reason.
        why: String,
        /// Whether it is the message's fault, which is a dead letter then; otherwise it is sent
        /// again.
        for_good: bool,
    },
    /// A handler's delivery has its verdict: whatever it sent is acknowledged.
    Ended {
        /// The handler.
        handler: String,
        /// `emitted`, `skipped` or `dead-lettered`.
        verdict: String,
    },
    /// The group's offset is behind it.
    Committed {
        /// The committed offset, of the next record.
        next: i64,
    },
    /// The partition left this host before that; the next owner does the record anew.
    HandedBack,
}

/// What a host does with a delivery after a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Decided {
    /// Sends its outputs.
    Emit {
        /// How many.
        outputs: u32,
    },
    /// Nothing.
    Skip(Why),
    /// Calls the handler again.
    Again {
        /// After so many milliseconds.
        after_ms: u64,
        /// Why.
        why: Why,
    },
    /// Sends the record to the dead-letter topic.
    DeadLetter(Why),
    /// Stops the partition.
    Halt(Why),
}

/// A reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Why {
    /// Penstock's code of a failure, or the handler's of a skip.
    pub code: String,
    /// For people.
    pub text: String,
}

/// Where a message lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Place {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}
