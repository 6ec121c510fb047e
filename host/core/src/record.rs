//! What a record is, where it lies, and the two kinds of offset that must never be mixed up.

use std::fmt;
use std::sync::Arc;

/// The offset of a record that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub i64);

/// The offset at which reading goes on: what a commit carries and where a partition starts.
///
/// Distinct from [`Offset`] on purpose: an off-by-one here loses or repeats a record, so the
/// two convert only by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NextOffset(pub i64);

impl Offset {
    /// The position after this record. The next record may lie further on: offsets have gaps.
    pub fn next(self) -> NextOffset {
        NextOffset(self.0 + 1)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for NextOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition's number, from 0.
    pub partition: i32,
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.topic, self.partition)
    }
}

/// One stay of a partition with this host: every assignment gets a new, never reused number.
///
/// Work carries the epoch it was begun under; work of an older epoch can neither commit nor
/// start a new produce (docs/architecture.md, invariant 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssignmentEpoch(pub u32);

/// A record's timestamp, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timestamp {
    /// The record has none (message format 0).
    Unknown,
    /// Set by the producer.
    CreateTime(i64),
    /// Set by the broker on append.
    LogAppendTime(i64),
}

impl Timestamp {
    /// Milliseconds since 1970, whoever set them.
    pub fn millis(self) -> Option<i64> {
        match self {
            Timestamp::Unknown => None,
            Timestamp::CreateTime(ms) | Timestamp::LogAppendTime(ms) => Some(ms),
        }
    }
}

/// A header as it lies on the wire: the name need not be UTF-8, the value may be null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// The name's bytes.
    pub name: &'a [u8],
    /// The value; `None` is Kafka's null, which differs from empty.
    pub value: Option<&'a [u8]>,
}

/// One record, borrowed from its [`crate::batch::Batch`].
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Where it lies in its partition.
    pub offset: Offset,
    /// When it was created or appended.
    pub timestamp: Timestamp,
    /// The key; `None` is null.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone, which differs from empty.
    pub value: Option<&'a [u8]>,
    /// The headers, in order, duplicates kept.
    pub headers: crate::batch::Headers<'a>,
}

/// A header with bytes of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedHeader {
    /// The name's bytes.
    pub name: Vec<u8>,
    /// The value; `None` is null.
    pub value: Option<Vec<u8>>,
}
