//! The keys of `[retry]` and `[failures]`, for all handlers and for each.

use super::Kind::{Backoff, Choice, Count, Named, Section};
use super::Need::{Computed, Default, Optional};
use super::table::{HOUR, duration, key};
use super::{Key, Kind};

pub(super) static RETRY: &[Key] = &[
    key(
        "attempts",
        ATTEMPTS,
        Default("5"),
        "Calls of one record in all, the first included, where the handler asked for a retry. A passed deadline has two at most, and what fails otherwise one, unless `failures` says so.",
    ),
    key("backoff", Backoff, Default("100ms..10s"), BACKOFF_DOC),
    key("jitter-percent", PERCENT, Default("20"), JITTER_DOC),
    key("total", TOTAL, Default("24h"), TOTAL_DOC),
    key("mode", MODE, Default("block"), MODE_DOC),
];

pub(super) static HANDLER_RETRY: &[Key] = &[
    key(
        "attempts",
        ATTEMPTS,
        Computed("`retry.attempts`"),
        "Calls of one record in all, where the handler asked for a retry.",
    ),
    key("backoff", Backoff, Computed("`retry.backoff`"), BACKOFF_DOC),
    key(
        "jitter-percent",
        PERCENT,
        Computed("`retry.jitter-percent`"),
        JITTER_DOC,
    ),
    key("total", TOTAL, Computed("`retry.total`"), TOTAL_DOC),
    key("mode", MODE, Computed("`retry.mode`"), MODE_DOC),
];

pub(super) static FAILURES: &[Key] = &[
    key(
        "retry",
        Section(RULE),
        Optional,
        "The handler asked to be called again.",
    ),
    key(
        "reject",
        Section(RULE),
        Optional,
        "The handler refused the record.",
    ),
    key(
        "reject-codes",
        Named(RULE),
        Optional,
        "The same, by the handler's reason code; it goes before `reject`.",
    ),
    key(
        "crash",
        Section(RULE),
        Optional,
        "An exception within the handler.",
    ),
    key("trap", Section(RULE), Optional, "The guest trapped."),
    key(
        "deadline",
        Section(RULE),
        Optional,
        "`limits.deadline` passed.",
    ),
    key(
        "memory",
        Section(RULE),
        Optional,
        "More memory than `limits.memory`.",
    ),
    key(
        "output",
        Section(RULE),
        Optional,
        "More outputs than `limits` allow, or one that the broker refused for what it is, which is not tried again.",
    ),
    key(
        "unknown-output",
        Section(RULE),
        Optional,
        "An output that the plugin does not declare.",
    ),
];

static RULE: &[Key] = &[
    key(
        "attempts",
        ATTEMPTS,
        Computed("by class"),
        "Calls in all, the first included.",
    ),
    key(
        "backoff",
        Backoff,
        Computed("the handler's `retry.backoff`"),
        BACKOFF_DOC,
    ),
    key(
        "jitter-percent",
        PERCENT,
        Computed("the handler's `retry.jitter-percent`"),
        JITTER_DOC,
    ),
    key(
        "total",
        TOTAL,
        Computed("the handler's `retry.total`"),
        TOTAL_DOC,
    ),
    key(
        "mode",
        MODE,
        Computed("the handler's `retry.mode`"),
        MODE_DOC,
    ),
    key(
        "then",
        Choice(&["dead-letter", "skip", "halt"]),
        Computed("\"dead-letter\""),
        "What is done in the end. `dead-letter`: the record goes to its topic's dead-letter topic, and without one the partition halts. `skip`: it is passed over, logged and counted. `halt`: its partition stops until an operator acts.",
    ),
];

const ATTEMPTS: Kind = Count(1, 1_000_000);
const PERCENT: Kind = Count(0, 100);
const TOTAL: Kind = duration(1, 7 * 24 * HOUR);
const MODE: Kind = Choice(&["block", "key"]);
const BACKOFF_DOC: &str =
    "The first delay and the largest; a delay that the handler asks for is held to both.";
const JITTER_DOC: &str =
    "By how much a delay may differ, so that what failed together is not tried again together.";
const TOTAL_DOC: &str = "No call of a record begins later than this after its first one.";
const MODE_DOC: &str = "What waits for the next call. `block`: the later records of the partition, or of its lane. `key`: those of the same key, which are parked in order while the others go on; a record without a key blocks. `parking` bounds what is parked; what exceeds that blocks.";
