//! What was seen of a group and of what it reads: everything that the rules know.
//!
//! A snapshot can be saved and diagnosed elsewhere, so its form has a version. What was not
//! answered is never left out: it says why, and an empty answer is another thing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::access::{Access, Barrier, BarrierKind, Hidden};
pub use super::answer::Answer;
pub use super::outputs::Output;
pub use super::quotas::{Quota, Whose};
pub use crate::offsets::history::{History, Mark, Track};
use crate::status::Status;

/// The version of this form; a file of another one is not read.
pub const FORMAT: u32 = 1;

/// Everything that was seen, once or several times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Snapshot {
    /// [`FORMAT`]
    pub format: u32,
    /// The program and its version.
    pub made_by: String,
    /// The brokers that were asked first, `host:port,…`.
    pub bootstrap: String,
    /// As whom, and how, the brokers were asked.
    #[serde(default)]
    pub access: Access,
    /// What came of each of the first addresses, where no broker could be asked.
    #[serde(default)]
    pub entry: Vec<(String, Answer<()>)>,
    /// The group in question.
    pub group: String,
    /// The topics that were named; none: all that the group has to do with.
    pub topics: Vec<String>,
    /// The member by whose `client.id` alone it was looked: only what it has, and what nobody has,
    /// is in question.
    #[serde(default)]
    pub client: Option<String>,
    /// In the order they were taken; at least one.
    pub looks: Vec<Look>,
    /// The group between the first look and the last, whenever it had changed; in time.
    #[serde(default)]
    pub glimpses: Vec<Glimpse>,
    /// The cluster's groups; asked where the group isn't there.
    #[serde(default)]
    pub groups: Answer<Vec<ListedGroup>>,
    /// The names of the cluster's topics; asked where one isn't there.
    #[serde(default)]
    pub topic_names: Answer<Vec<String>>,
    /// Open transactions in partitions whose last records are held back.
    #[serde(default)]
    pub open_transactions: Vec<OpenTransaction>,
    /// What lies at positions that don't move.
    #[serde(default)]
    pub ahead: Vec<Ahead>,
    /// The output topics that were named, after the last look.
    #[serde(default)]
    pub outputs: Vec<Output>,
    /// What the group committed before, where the brokers' journal may be read.
    #[serde(default)]
    pub history: Answer<History>,
    /// The cluster's quotas; asked where one may matter.
    #[serde(default)]
    pub quotas: Answer<Vec<Quota>>,
    /// What would have been looked at, and may not be.
    #[serde(default)]
    pub hidden: Vec<Hidden>,
}

/// One look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Look {
    /// When it began, in milliseconds since 1970.
    pub at_ms: i64,
    /// The cluster's id.
    pub cluster: Option<String>,
    /// The brokers, by id.
    pub brokers: Vec<Broker>,
    /// The broker that coordinates the group.
    pub coordinator: Answer<i32>,
    /// The group.
    pub group: Answer<Group>,
    /// Its committed offsets; what isn't listed has none. Read before the logs are.
    pub committed: Answer<Vec<Commit>>,
    /// What the group has to do with, and what was named; by name.
    pub topics: Vec<Topic>,
    /// The output topics that were named. Read before the commits are.
    #[serde(default)]
    pub outputs: Vec<Topic>,
    /// Members that are hosts of Penstock, as they describe themselves.
    #[serde(default)]
    pub hosts: Vec<Host>,
}

/// A member that is a host of Penstock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Host {
    /// The member's `client.id`.
    pub client: String,
    /// Where it was asked.
    pub address: String,
    /// What it does.
    pub status: Answer<Status>,
}

/// The group at a moment between two looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Glimpse {
    /// When it was asked for, in milliseconds since 1970.
    pub at_ms: i64,
    /// The group.
    pub group: Group,
}

/// A broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Broker {
    /// Its id.
    pub id: i32,
    /// Where it wants to be reached, `host:port`.
    pub address: String,
    /// Whether it answered there.
    pub reached: Answer<()>,
}

/// A group, as its coordinator describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Group {
    /// By which protocol it is kept together.
    pub kind: GroupKind,
    /// As Kafka names it: `Stable`, `Empty`, `PreparingRebalance`, …
    pub state: String,
    /// How partitions are shared out.
    pub assignor: String,
    /// It rises with each change of the group; of the `consumer` kind only.
    pub epoch: Option<i32>,
    /// The members, by id.
    pub members: Vec<Member>,
}

impl Group {
    /// The group's epoch and the highest of its members, if that is the higher one, which can't be
    /// right: a coordinator that came back from a crash has lost epochs. It shares nothing out until
    /// the group's own has passed that of what it shared out last; each member that comes or goes
    /// adds one (KIP-848, Kafka 4.1.1).
    pub fn epochs_behind(&self) -> Option<(i32, i32)> {
        let of_group = self.epoch?;
        let highest = self.members.iter().filter_map(|of| of.epoch).max()?;
        (highest > of_group).then_some((of_group, highest))
    }
}

/// The kinds of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupKind {
    /// Consumers that share out the partitions among themselves.
    Classic,
    /// Consumers whose coordinator shares out the partitions (KIP-848).
    Consumer,
    /// Several consumers a partition, acknowledged record by record (KIP-932).
    Share,
    /// Kafka Streams by its own protocol (KIP-1071).
    Streams,
    /// Workers of Kafka Connect.
    Connect,
    /// Another use of the group protocol.
    Other,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Member {
    /// Its id in the group.
    pub id: String,
    /// The static member's name.
    pub instance: Option<String>,
    /// `client.id`
    pub client: String,
    /// Where it connects from.
    pub host: String,
    /// The epoch it is in; of the `consumer` kind only.
    pub epoch: Option<i32>,
    /// The topics it wants; `None` while that can't be seen.
    pub subscription: Option<Vec<String>>,
    /// The pattern of topics that it wants.
    pub pattern: Option<String>,
    /// What it has.
    pub assignment: Vec<Assigned>,
    /// What it is to have; of the `consumer` kind only.
    pub target: Option<Vec<Assigned>>,
}

/// Partitions of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Assigned {
    /// The topic.
    pub topic: String,
    /// Its id when it was assigned; of the `consumer` kind only.
    pub topic_id: Option<String>,
    /// Their numbers.
    pub partitions: Vec<i32>,
}

/// A committed offset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Commit {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset to be read next.
    pub offset: Committed,
}

/// What is committed of a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Committed {
    /// The offset to be read next.
    At(i64),
    /// Nothing.
    Nothing,
    /// A transaction that is not over yet commits it.
    Unstable,
    /// The broker doesn't say.
    Refused(String),
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its id; a topic that was deleted and made again has another one.
    pub id: Option<String>,
    /// Its partitions, by number.
    pub partitions: Answer<Vec<Partition>>,
    /// Those of its settings that matter here.
    #[serde(default)]
    pub settings: Answer<BTreeMap<String, String>>,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Partition {
    /// Its number.
    pub number: i32,
    /// The broker that leads it.
    pub leader: Option<i32>,
    /// Its log.
    pub log: Answer<Log>,
}

/// Where a log begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Log {
    /// The first record's offset.
    pub start: i64,
    /// Behind the last record that no open transaction holds back.
    pub last_stable: i64,
    /// Behind the last record.
    pub end: i64,
}

/// A group in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ListedGroup {
    /// Its name.
    pub id: String,
    /// Its kind, if the broker tells it.
    pub kind: Option<GroupKind>,
    /// As Kafka names it.
    pub state: String,
}

/// A transaction that is open in a partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OpenTransaction {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// Where it begins there.
    pub from: i64,
    /// The producer's id.
    pub producer: i64,
    /// The producer's epoch.
    pub epoch: i32,
    /// The epoch of its coordinator.
    pub coordinator_epoch: i32,
    /// When the producer last wrote there, in milliseconds since 1970.
    pub last_write_ms: i64,
    /// What its coordinator knows of it; `Missing`: of no such transaction.
    pub known_as: Answer<Transaction>,
}

/// A transaction, as its coordinator knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Transaction {
    /// The transactional id.
    pub id: String,
    /// As Kafka names it: `Ongoing`, `PrepareCommit`, …
    pub state: String,
    /// After how long it is aborted, in milliseconds.
    pub timeout_ms: i32,
    /// When it began, in milliseconds since 1970.
    pub started_ms: Option<i64>,
}

/// What a reader finds at a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ahead {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The position.
    pub from: i64,
    /// The first batch with records for a reader; `None` inside: there is none up to the end.
    pub batch: Answer<Option<Batch>>,
}

/// A batch of records, by its header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Batch {
    /// Its first offset.
    pub first: i64,
    /// Its last offset.
    pub last: i64,
    /// How many records it has.
    pub records: i32,
    /// Its size in bytes, compressed as it lies there.
    pub bytes: i64,
    /// `not compressed`, `gzip`, `snappy`, `lz4`, `zstd`, or a number.
    pub codec: String,
    /// The latest of its records' times, in milliseconds since 1970.
    pub time_ms: i64,
    /// Whether its bytes match its checksum; `None` if it did not come whole.
    pub is_sound: Option<bool>,
}

impl Look {
    /// A look at this time, in milliseconds since 1970, of which nothing is known.
    pub fn blind(at_ms: i64) -> Look {
        Look {
            at_ms,
            cluster: None,
            brokers: Vec::new(),
            coordinator: Answer::Unasked,
            group: Answer::Unasked,
            committed: Answer::Unasked,
            topics: Vec::new(),
            outputs: Vec::new(),
            hosts: Vec::new(),
        }
    }
}
