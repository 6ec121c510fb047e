//! The configuration as the host uses it: validated, with every default filled in; and [`load`],
//! which makes it from files or says everything that is wrong with them.
//!
//! A file is parsed (`source`), held against the one table of keys (`keys`, `shape`), laid over
//! the others (`tree`), filled from the environment (`variables`), read (`build`), and checked as
//! a whole (`loops`, `plugins`). Each diagnostic keeps its place in its file (`report`).

mod build;
mod carry;
mod client;
mod debug;
mod hint;
mod keys;
mod load;
mod loops;
mod plugins;
mod reference;
mod report;
mod scalar;
mod schema;
mod secrets;
mod section;
mod shape;
mod source;
mod suggest;
mod tree;
mod variables;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

pub use carry::{tells_a_secret, with_paths};
pub use client::client_settings;
pub use load::{Defaults, Loaded, load};
pub use plugins::{ConfigureProblem, PluginFacts, PluginProblem, Plugins};
pub use reference::reference;
pub use report::{Diagnostic, Place, Report, Severity};
pub use scalar::is_brokers;
pub use schema::schema;
pub use source::SourceFile;
pub use variables::{Environment, Surroundings};

use crate::partition::{Order, OrderBy, ParkLimits};
use crate::policy::Policy;

/// A whole configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `[host]`
    pub host: Host,
    /// `[kafka]`
    pub kafka: Kafka,
    /// `[admin]`
    pub admin: Admin,
    /// `[log]`
    pub log: Log,
    /// `[limits]`: ceilings that no handler may raise.
    pub limits: Ceilings,
    /// `[handlers.NAME]`
    pub handlers: BTreeMap<String, Handler>,
    /// `[parking]`
    pub parking: ParkLimits,
    /// `[topics.NAME]`
    pub topics: BTreeMap<String, Topic>,
}

impl Config {
    /// Which records of a partition of the topic wait for which.
    pub fn order(&self, topic: &Topic) -> Order {
        let handlers = topic.handlers.iter();
        let mut policies = handlers.filter_map(|name| Some(&self.handlers.get(name)?.policy));
        Order {
            lanes: topic.concurrency,
            by: topic.order,
            park: if policies.any(Policy::parks) {
                self.parking
            } else {
                ParkLimits::NOTHING
            },
        }
    }
}

/// `[host]`: this process.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    /// Unique in the group.
    pub id: String,
    /// How long a shutdown may take before work is abandoned.
    pub shutdown_deadline: Duration,
    /// Worker threads; by default the machine's cores.
    pub workers: NonZeroUsize,
    /// Where compiled plugins are kept.
    pub cache: PathBuf,
    /// Bytes of records that are fetched and not finished, all partitions together.
    pub buffer_bytes: u64,
    /// Bytes of outputs that are sent and not acknowledged.
    pub outbox_bytes: u64,
}

/// `[kafka]`: the cluster and the group.
#[derive(Clone, PartialEq)]
pub struct Kafka {
    /// `host:port`, comma-separated.
    pub bootstrap: String,
    /// The consumer group.
    pub group: String,
    /// The group protocol.
    pub protocol: GroupProtocol,
    /// The delivery guarantee.
    pub delivery: Delivery,
    /// How often finished offsets are committed.
    pub commit_interval: Duration,
    /// librdkafka settings for both clients.
    pub common: BTreeMap<String, String>,
    /// librdkafka settings for the consumer.
    pub consumer: BTreeMap<String, String>,
    /// librdkafka settings for the producer.
    pub producer: BTreeMap<String, String>,
}

/// `kafka.protocol`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupProtocol {
    /// Cooperative-sticky over the classic protocol.
    Classic,
    /// KIP-848; needs brokers of 4.0 or later.
    Consumer,
}

/// `kafka.delivery`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// Nothing is lost; what was in flight at a crash is done again.
    AtLeastOnce,
    /// Outputs, dead letters and offsets are committed in transactions.
    ExactlyOnce(Transaction),
}

/// `[kafka.transaction]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// The transactional id: the group's and the host's id.
    pub id: String,
    /// After so long the brokers abort what is open.
    pub timeout: Duration,
    /// With so much in it, a transaction is committed.
    pub bytes: u64,
}

/// `[admin]`: health, metrics, status.
#[derive(Debug, Clone, PartialEq)]
pub struct Admin {
    /// Where the listener binds.
    pub listen: SocketAddr,
    /// The bearer token that `/status` and operations ask for, if any. Never printed.
    pub token: Option<Secret>,
}

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// `[log]`
#[derive(Debug, Clone, PartialEq)]
pub struct Log {
    /// JSON lines or text.
    pub format: LogFormat,
    /// Which records get a line.
    pub records: RecordLines,
}

/// `log.format`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// `log.records`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordLines {
    /// Each record and each verdict.
    All,
    /// The first of each partition after assignment, a few a second, and each verdict that is
    /// not `emitted`.
    Sampled,
    /// None.
    Off,
}

/// `[limits]`: what no handler may raise.
#[derive(Debug, Clone, PartialEq)]
pub struct Ceilings {
    /// For one call, in processor time of its thread.
    pub deadline: Duration,
    /// Linear memory of one instance, in bytes.
    pub memory_bytes: u64,
}

/// `[handlers.NAME]`: one configured use of a plugin file.
#[derive(Clone, PartialEq)]
pub struct Handler {
    /// The plugin's file, absolute or relative to the working directory.
    pub plugin: PathBuf,
    /// The pinned SHA-256 of the file.
    pub sha256: Option<[u8; 32]>,
    /// What the guest may read.
    pub settings: BTreeMap<String, String>,
    /// Logical output to topic.
    pub outputs: BTreeMap<String, String>,
    /// What one call may use.
    pub limits: HandlerLimits,
    /// What its failures are met with.
    pub policy: Policy,
    /// Whether an instance serves more than one record.
    pub isolation: Isolation,
    /// Which timestamp outputs carry where the handler sets none.
    pub timestamp: OutputTimestamp,
}

/// `handlers.NAME.limits`
#[derive(Debug, Clone, PartialEq)]
pub struct HandlerLimits {
    /// For one call, in processor time of its thread.
    pub deadline: Duration,
    /// Linear memory of one instance, in bytes.
    pub memory_bytes: u64,
    /// Outputs of one record.
    pub outputs: u32,
    /// Bytes of all outputs of one record: keys, values, headers.
    pub output_bytes: u64,
    /// Log lines of one record; further lines are dropped and counted.
    pub log_lines: u32,
    /// Bytes of all log lines of one record.
    pub log_bytes: u64,
    /// Instances of this handler and one topic at one time.
    pub instances: u32,
}

/// `handlers.NAME.isolation`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// An instance serves many records.
    Reused,
    /// A fresh instance for each record.
    Record,
}

/// `handlers.NAME.timestamp`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputTimestamp {
    /// The input record's timestamp.
    Input,
    /// The time of sending.
    Now,
}

/// `[topics.NAME]`: an input topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// Each gets every record, in this order. Names of `handlers`.
    pub handlers: Vec<String>,
    /// Where a group without commits begins.
    pub start: Start,
    /// Where failed records go; without one, a failure halts its partition.
    pub dead_letter: Option<String>,
    /// Whether a handler of this topic may write to it.
    pub allow_loop: bool,
    /// Records of a partition that may be with handlers at once.
    pub concurrency: usize,
    /// What stays in order where these are several.
    pub order: OrderBy,
}

/// `topics.NAME.start`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// The first record there is.
    Earliest,
    /// Only what comes after the start.
    Latest,
    /// The first record at or after this time, in milliseconds since 1970.
    Time(i64),
}
