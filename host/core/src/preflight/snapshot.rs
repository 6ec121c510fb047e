//! What was seen of a cluster before a host starts on it: everything that the rules know.

use std::collections::BTreeMap;

use crate::diagnosis::snapshot::{Access, Ahead, Answer, Look};

/// Everything that was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The brokers that were asked first, `host:port,…`.
    pub bootstrap: String,
    /// The group, its commits, and the logs of the input topics.
    pub look: Look,
    /// Every topic of the configuration, by name.
    pub topics: BTreeMap<String, Topic>,
    /// The names of all topics that may be seen; asked where one isn't there.
    pub topic_names: Answer<Vec<String>>,
    /// Of topics that start at a time: the first offset that is not older. What isn't listed has
    /// none.
    pub starts: BTreeMap<(String, i32), i64>,
    /// What lies where a host would begin; of partitions with records ahead.
    pub ahead: Vec<Ahead>,
    /// The latest time that a record of an input topic carries, in milliseconds since 1970.
    pub latest_ms: BTreeMap<String, i64>,
    /// Of input topics whose records may wait by key: whether the latest ones have keys.
    pub keys: BTreeMap<String, Answer<Keys>>,
    /// As whom, and how, the client connects.
    pub access: Access,
    /// Whether anybody decides what is permitted.
    pub has_authoriser: Answer<bool>,
    /// What may be done with the group.
    pub group_operations: Answer<Operations>,
    /// Whether the transactional id may be used; asked where delivery is exactly once.
    pub may_transact: Answer<bool>,
    /// The longest that a broker lets a transaction be open, in milliseconds; asked there too.
    pub transaction_ms_max: Answer<u64>,
    /// The requests that a broker knows: oldest and newest version, by Kafka's number.
    pub requests: Answer<BTreeMap<i16, (i16, i16)>>,
    /// Whether groups of the newer protocol (KIP-848) are permitted by the brokers' settings.
    pub consumer_protocol: Answer<bool>,
    /// The cluster's clock.
    pub clock: Answer<Clock>,
}

/// Some of the latest records of a topic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keys {
    /// How many were looked at.
    pub looked: i64,
    /// How many of them have no key.
    pub without: i64,
    /// One of those, by partition and offset.
    pub example: Option<(i32, i64)>,
}

/// A topic of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topic {
    /// Its partitions, by number.
    pub partitions: Answer<Vec<Replicas>>,
    /// Those of its settings that matter.
    pub settings: Answer<BTreeMap<String, String>>,
    /// What may be done with it, if that is told.
    pub operations: Option<Operations>,
}

/// The replicas of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replicas {
    /// The partition's number.
    pub partition: i32,
    /// Whether one of them leads.
    pub has_leader: bool,
    /// How many there are to be.
    pub all: usize,
    /// How many are in sync.
    pub in_sync: usize,
}

/// The clock of the active controller, held against this machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// How far it is ahead of this machine's, in milliseconds; negative: behind.
    pub ahead_ms: i64,
    /// By how much that may be wrong, either way.
    pub within_ms: i64,
}

/// What may be done with a resource: a bit for each of Kafka's numbers of operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operations(pub i32);

/// An operation that a permission is for; the value is Kafka's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Operation {
    /// Fetching; of a group: joining and committing.
    Read = 3,
    /// Producing.
    Write = 4,
    /// Being told that it is there.
    Describe = 8,
}

impl Operations {
    /// Exactly these.
    pub fn of(operations: &[Operation]) -> Operations {
        let bits = operations.iter().map(|of| 1 << (*of as u8));
        Operations(bits.fold(0, |all, bit: i32| all | bit))
    }

    /// Whether this one is among them.
    pub fn allow(self, operation: Operation) -> bool {
        self.0 & (1 << (operation as u8)) != 0
    }
}

impl Operation {
    /// As `kafka-acls.sh` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Read => "Read",
            Operation::Write => "Write",
            Operation::Describe => "Describe",
        }
    }
}
