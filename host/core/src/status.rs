//! What `/status` answers and `penstock status` prints: one shape for both.

use serde::{Deserialize, Serialize};

use crate::ledger::Ledger;
use crate::pauses::Scope;

/// A host at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Status {
    /// The configured host id.
    pub host: String,
    /// The consumer group.
    pub group: String,
    /// Penstock's version.
    pub version: String,
    /// When the host started, RFC 3339.
    pub started: String,
    /// As which member its group has taken it in, by the last rebalance that it has seen; `None` before
    /// the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// What the host as a whole is doing.
    pub state: HostState,
    /// Live partitions, by topic and number.
    pub partitions: Vec<PartitionStatus>,
    /// The ledger of each handler and topic, since the start, ended assignments included.
    pub handlers: Vec<HandlerStatus>,
    /// What is wrong right now, as whatever met it says.
    pub conditions: Vec<ConditionStatus>,
    /// What the watchdog finds beyond that.
    #[serde(default)]
    pub findings: Vec<FindingStatus>,
    /// What is paused on purpose.
    #[serde(default)]
    pub pauses: Vec<PauseStatus>,
    /// How often the watchdog put a partition to where it stood, for want of records, or to its
    /// first record, since the topic was made again.
    #[serde(default)]
    pub healings: u64,
    /// How often the watchdog has looked, and was answered.
    #[serde(default)]
    pub watchdog_looks: u64,
    /// How often offsets are committed, in milliseconds.
    #[serde(default)]
    pub commit_interval_ms: u64,
    /// The host's transactions, if delivery is exactly once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transactions: Option<TransactionsStatus>,
}

/// Transactions in which outputs, dead letters and offsets are committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct TransactionsStatus {
    /// The transactional id.
    pub id: String,
    /// Committed since the start of the host.
    pub committed: u64,
    /// Aborted since then; what was in them was sent again, or handed back.
    pub aborted: u64,
    /// When the last one was committed, RFC 3339.
    pub last_commit: Option<String>,
    /// For how long the open one has been open, in milliseconds.
    pub open_ms: Option<u64>,
    /// Why the last step was not done, if it was not, until a transaction is committed.
    pub waits: Option<String>,
}

/// What a host as a whole is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostState {
    /// Waiting for Kafka, or resolving start positions.
    Starting,
    /// In the group, with partitions.
    Consuming,
    /// In the group, without partitions: others have them all. Healthy.
    Standby,
    /// Draining after a signal.
    Stopping,
}

/// A live partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PartitionStatus {
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// This stay's number.
    pub epoch: u32,
    /// The next offset to commit: all before it is finished.
    pub position: i64,
    /// The last committed next offset of this stay.
    pub committed: Option<i64>,
    /// The end of the log, as last asked; unknown is `null`, never zero.
    pub end: Option<i64>,
    /// Records from `position` to `end`; unknown is `null`.
    pub lag: Option<i64>,
    /// Records fetched and not finished.
    pub unfinished: u64,
    /// Their bytes.
    pub buffered_bytes: u64,
    /// Age of the oldest delivery that is begun and open, in milliseconds; what is parked aside.
    pub oldest_open_ms: Option<u64>,
    /// Whether fetching is paused because the partition's share of the buffer is full.
    pub paused: bool,
    /// What the partition waits for.
    pub waits: Option<WaitStatus>,
    /// What waits for a retry while the partition goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<ParkedStatus>,
}

/// Keys that wait for a retry apart from the others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ParkedStatus {
    /// Keys.
    pub keys: u64,
    /// Records: those that are tried again, and later ones of their keys.
    pub records: u64,
    /// Bytes of these records.
    pub bytes: u64,
    /// The record that has been tried for the longest time.
    pub offset: Option<i64>,
    /// The handler that failed with it.
    pub handler: Option<String>,
    /// The code of what failed last.
    pub code: Option<String>,
    /// For how long it has been tried, in milliseconds.
    pub for_ms: u64,
}

impl ParkedStatus {
    /// As `2 keys parked (5 records)`.
    pub fn count(&self) -> String {
        let (keys, records) = (self.keys, self.records);
        let plural = |count| if count == 1 { "" } else { "s" };
        format!(
            "{keys} key{} parked ({records} record{})",
            plural(keys),
            plural(records)
        )
    }
}

/// What a partition waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct WaitStatus {
    /// `backoff`, `parking`, `outbox`, `output`, `dead-letter`, `halted`, `instance`, `rest`,
    /// `paused`.
    pub kind: String,
    /// The code with its page, where there is one.
    pub code: Option<String>,
    /// The record it waits at.
    pub offset: Option<i64>,
    /// The handler it waits for.
    pub handler: Option<String>,
    /// For people.
    pub text: String,
    /// Since when, in milliseconds.
    pub for_ms: u64,
}

/// What is paused on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PauseStatus {
    /// What: a topic, a partition or a handler.
    pub what: Scope,
    /// Why.
    pub why: String,
    /// RFC 3339.
    pub since: String,
    /// When it goes on by itself, RFC 3339.
    pub until: String,
}

/// A handler of a topic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct HandlerStatus {
    /// The topic.
    pub topic: String,
    /// The handler.
    pub handler: String,
    /// Its account.
    pub ledger: Ledger,
    /// Calls of the guest.
    pub calls: u64,
    /// Mean time of a call, in microseconds.
    pub mean_call_us: f64,
    /// How long a call may take, in milliseconds of its thread's processor time.
    #[serde(default)]
    pub deadline_ms: u64,
}

/// A condition that holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ConditionStatus {
    /// The code with its page.
    pub code: String,
    /// What it is about.
    pub subject: String,
    /// For people.
    pub text: String,
    /// RFC 3339.
    pub first_seen: String,
    /// RFC 3339.
    pub last_seen: String,
    /// How often.
    pub count: u64,
}

/// What the watchdog finds: of one cause, in some partitions of a topic or in none in particular.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FindingStatus {
    /// The code with its page.
    pub code: String,
    /// What it is about.
    pub subject: String,
    /// The topic, if it is about partitions.
    pub topic: Option<String>,
    /// Those of its partitions that are concerned.
    pub partitions: Vec<i32>,
    /// In a sentence or two.
    pub text: String,
    /// What was seen, `label: value`.
    pub evidence: Vec<String>,
    /// What to do, in order; commands are in backquotes.
    pub cure: Vec<String>,
    /// RFC 3339.
    pub first_seen: String,
}
