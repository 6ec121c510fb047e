//! The table of all keys.

use std::time::Duration;

use super::Kind::{
    Address, Boolean, Brokers, Bytes, Choice, Client, Count, Digest, Handlers, Name, Named,
    Outputs, Path, Secret, Section, Settings, Start, Text, Topic,
};
use super::Need::{Computed, Default, Optional, Required};
use super::failures::{FAILURES, HANDLER_RETRY, RETRY};
use super::{Key, Kind, Need};
use crate::config::client::Reader;

pub(super) const fn key(name: &'static str, kind: Kind, need: Need, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        need,
        doc,
    }
}

pub(super) const fn duration(min_ms: u64, max_ms: u64) -> Kind {
    Kind::Duration(Duration::from_millis(min_ms), Duration::from_millis(max_ms))
}

const SECOND: u64 = 1000;
const MINUTE: u64 = 60 * SECOND;
pub(super) const HOUR: u64 = 60 * MINUTE;
const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;
/// The page of linear memory: an instance has at least one.
const WASM_PAGE: u64 = 64 * KIB;
/// A component's instance addresses at most 4 GiB.
const WASM_MEMORY_MAX: u64 = 4 * GIB;

/// The whole file.
pub(in crate::config) static ROOT: &[Key] = &[
    key("host", Section(HOST), Required, "This process."),
    key(
        "kafka",
        Section(KAFKA),
        Required,
        "The cluster and the consumer group.",
    ),
    key(
        "admin",
        Section(ADMIN),
        Optional,
        "Health, metrics and status over HTTP.",
    ),
    key(
        "log",
        Section(LOG),
        Optional,
        "What is logged, to standard output.",
    ),
    key(
        "limits",
        Section(LIMITS),
        Optional,
        "Ceilings that no handler may raise.",
    ),
    key(
        "retry",
        Section(RETRY),
        Optional,
        "How records are tried again, for all handlers; a handler's own `retry` goes before.",
    ),
    key(
        "failures",
        Section(FAILURES),
        Optional,
        "What failures are met with, by class, for all handlers; what a handler says itself goes before.",
    ),
    key(
        "parking",
        Section(PARKING),
        Optional,
        "How much of one partition may wait by `retry.mode = \"key\"`; what exceeds it holds its partition, or its lane.",
    ),
    key(
        "handlers",
        Named(HANDLER),
        Optional,
        "One configured use of a plugin file each.",
    ),
    key(
        "topics",
        Named(TOPIC),
        Required,
        "The input topics: what is consumed, and by which handlers.",
    ),
];

static HOST: &[Key] = &[
    key(
        "id",
        Name,
        Required,
        "Unique among the hosts of the group; part of the Kafka `client.id`, and exactly once of the transactional id `GROUP-ID`: there it must stay the same over restarts.",
    ),
    key(
        "shutdown-deadline",
        duration(100, HOUR),
        Default("10s"),
        "How long a shutdown may take before unfinished work is abandoned to the next owner, and reported.",
    ),
    key(
        "workers",
        Count(1, 1024),
        Computed("the number of cores"),
        "Threads that call handlers.",
    ),
    key(
        "cache",
        Path,
        Default("${XDG_CACHE_HOME:-/var/cache}/penstock"),
        "Where compiled plugins are kept. The folder must belong to the host's user alone.",
    ),
    key(
        "buffer",
        Bytes(MIB, 1024 * GIB),
        Computed("16MiB; exactly once 64MiB"),
        "Records that are fetched and not finished, all partitions together. Beyond it, fetching pauses. Exactly once, records are finished by the commit.",
    ),
    key(
        "outbox",
        Bytes(MIB, 1024 * GIB),
        Default("32MiB"),
        "Outputs that are sent and not acknowledged. Beyond it, handlers wait.",
    ),
];

static KAFKA: &[Key] = &[
    key("bootstrap", Brokers, Required, "The brokers to begin with."),
    key("group", Text, Required, "The consumer group."),
    key(
        "protocol",
        Choice(&["classic", "consumer"]),
        Default("classic"),
        "The group protocol: `classic` with cooperative-sticky assignment, or `consumer` (KIP-848), which needs brokers of 4.0 or later.",
    ),
    key(
        "delivery",
        Choice(&["at-least-once", "exactly-once"]),
        Default("at-least-once"),
        "The guarantee: nothing is lost, and what was in flight at a crash is done again; or, exactly once, outputs, dead letters and offsets are committed in transactions ([which to choose](guides/exactly-once.md)).",
    ),
    key(
        "commit-interval",
        duration(10, 10 * MINUTE),
        Computed("5s; exactly once 100ms"),
        "How often finished offsets are committed. Exactly once it is how long a transaction is filled: outputs can be read after it.",
    ),
    key(
        "transaction",
        Section(TRANSACTION),
        Optional,
        "The transactions of `delivery = \"exactly-once\"`.",
    ),
    key(
        "common",
        Client(Reader::Both),
        Optional,
        "librdkafka settings for the consumer and the producer.",
    ),
    key(
        "consumer",
        Client(Reader::Consumer),
        Optional,
        "librdkafka settings for the consumer.",
    ),
    key(
        "producer",
        Client(Reader::Producer),
        Optional,
        "librdkafka settings for the producer.",
    ),
];

static TRANSACTION: &[Key] = &[
    key(
        "timeout",
        duration(5 * SECOND, 15 * MINUTE),
        Default("30s"),
        "What is open longer is aborted by the brokers. So long, and about 10 s more, a host that died keeps readers of committed records waiting; a host that stands still for longer has to be restarted. At most the brokers' `transaction.max.timeout.ms`.",
    ),
    key(
        "bytes",
        Bytes(64 * KIB, GIB),
        Default("32MiB"),
        "A transaction with this much in it is committed before `commit-interval` has passed; so is one that has half of a partition's share of `host.buffer`, or as much of its share of this.",
    ),
];

static ADMIN: &[Key] = &[
    key(
        "listen",
        Address,
        Default("127.0.0.1:9644"),
        "Where the listener binds; port 0 takes a free one.",
    ),
    key(
        "token",
        Secret,
        Optional,
        "The bearer token that `/status` and operations ask for. Empty: none.",
    ),
];

static LOG: &[Key] = &[
    key(
        "format",
        Choice(&["json", "text"]),
        Default("json"),
        "One JSON object a line, or text for people.",
    ),
    key(
        "records",
        Choice(&["all", "sampled", "off"]),
        Default("sampled"),
        "Which records get a line. `sampled`: the first ones of a partition, a few a second, and each verdict other than emitted.",
    ),
];

static LIMITS: &[Key] = &[
    key(
        "deadline",
        duration(1, HOUR),
        Default("5s"),
        "The most that a handler's `deadline` may be.",
    ),
    key(
        "memory",
        Bytes(WASM_PAGE, WASM_MEMORY_MAX),
        Default("256MiB"),
        "The most that a handler's `memory` may be.",
    ),
];

static HANDLER: &[Key] = &[
    key("plugin", Path, Required, "The plugin's `.wasm` file."),
    key(
        "sha256",
        Digest,
        Optional,
        "The only digest of the file that is accepted.",
    ),
    key(
        "settings",
        Settings,
        Optional,
        "What the plugin may read; it says itself which settings it knows.",
    ),
    key(
        "outputs",
        Outputs,
        Optional,
        "Each logical output that the plugin declares, and the topic it goes to.",
    ),
    key(
        "limits",
        Section(HANDLER_LIMITS),
        Optional,
        "What one call may use.",
    ),
    key(
        "retry",
        Section(HANDLER_RETRY),
        Optional,
        "How this handler's records are tried again. Attempts start again after a restart or a rebalance.",
    ),
    key(
        "failures",
        Section(FAILURES),
        Optional,
        "What this handler's failures are met with, by class.",
    ),
    key(
        "isolation",
        Choice(&["reused", "record"]),
        Default("reused"),
        "`reused`: an instance serves many records. `record`: each has a fresh one.",
    ),
    key(
        "timestamp",
        Choice(&["input", "now"]),
        Default("input"),
        "Which timestamp outputs carry: the input record's, or the time of sending.",
    ),
];

static HANDLER_LIMITS: &[Key] = &[
    key(
        "deadline",
        duration(1, HOUR),
        Default("1s"),
        "The processor time of one call, which by the clock may last ten times as long. Without it, never above `limits.deadline`.",
    ),
    key(
        "memory",
        Bytes(WASM_PAGE, WASM_MEMORY_MAX),
        Default("64MiB"),
        "Linear memory of one instance. Without it, never above `limits.memory`.",
    ),
    key(
        "outputs",
        Count(1, 1_000_000),
        Default("1000"),
        "Outputs of one record.",
    ),
    key(
        "output-bytes",
        Bytes(1, GIB),
        Default("4MiB"),
        "All outputs of one record: keys, values, headers. Without it, never above `host.outbox`.",
    ),
    key(
        "log-lines",
        Count(0, 1_000_000),
        Default("100"),
        "Log lines of one record; further ones are dropped and counted.",
    ),
    key(
        "log-bytes",
        Bytes(0, 64 * MIB),
        Default("64KiB"),
        "All log lines of one record.",
    ),
    key(
        "instances",
        Count(1, 100_000),
        Default("64"),
        "Instances of the handler for one topic at one time.",
    ),
];

static TOPIC: &[Key] = &[
    key(
        "handlers",
        Handlers,
        Required,
        "Each gets every record, in this order.",
    ),
    key(
        "start",
        Start,
        Required,
        "Where a group without commits begins: `earliest`, `latest`, or the first record at or after an RFC 3339 time. What is skipped is logged.",
    ),
    key(
        "dead-letter",
        Topic,
        Optional,
        "Where failed records go. Without it, a failure halts its partition.",
    ),
    key(
        "allow-loop",
        Boolean,
        Default("false"),
        "Whether records may come back to this topic by way of its own handlers, or as another topic's dead letters.",
    ),
    key(
        "concurrency",
        Count(1, 256),
        Default("1"),
        "Lanes: how many records of one partition may be with handlers at once.",
    ),
    key(
        "order",
        Choice(&["key", "none"]),
        Default("key"),
        "What stays in order where `concurrency` is more than 1. `key`: records of one key, and those without a key. `none`: nothing.",
    ),
];

static PARKING: &[Key] = &[
    key(
        "keys",
        Count(1, 1_000_000),
        Default("1000"),
        "Keys that wait for a retry.",
    ),
    key(
        "records",
        Count(1, 1_000_000),
        Default("10000"),
        "Records of these keys: the one that is tried again, and those that came after it.",
    ),
    key(
        "bytes",
        Bytes(KIB, GIB),
        Default("16MiB"),
        "Bytes of these records.",
    ),
];
