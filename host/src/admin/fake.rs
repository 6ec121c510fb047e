//! A host that stands still, for the tests of the listener and of `penstock status`.

use std::time::Duration;

use penstock_core::ledger::Ledger;
use penstock_core::operations::{Answer, Deed, PauseOrder, ResetOrder, ResumeOrder};
use penstock_core::pauses::Scope;
use penstock_core::status::{
    ConditionStatus, FindingStatus, HandlerStatus, HostState, ParkedStatus, PartitionStatus,
    PauseStatus, Status, TransactionsStatus, WaitStatus,
};

use penstock_core::watch::{Event, Opened, Step, Wanted};
use penstock_engine::CallTimes;

use super::{Control, HandlerCalls, Metrics, View};

/// Answers the same for ever.
pub(crate) struct Fake {
    pub(crate) ready: Result<(), String>,
    pub(crate) live: bool,
}

impl View for Fake {
    fn status(&self) -> Status {
        status()
    }

    fn metrics(&self) -> Metrics {
        let times = CallTimes {
            buckets: vec![0, 0, 5, 3, 2],
            sum_ns: 71_500,
            count: 10,
        };
        Metrics {
            status: status(),
            calls: vec![HandlerCalls {
                topic: "purchase-confirmed".to_owned(),
                handler: "purchase-to-access".to_owned(),
                times,
            }],
        }
    }

    fn ready(&self) -> Result<(), String> {
        self.ready.clone()
    }

    fn live(&self) -> bool {
        self.live
    }

    fn watch(&self, wanted: Wanted) -> Option<Opened> {
        (wanted.topic == "purchase-confirmed").then(|| Opened {
            watch: 7,
            host: "worker-1".to_owned(),
        })
    }

    fn watched(&self, watch: u64, from: usize, _: Duration) -> Option<Vec<Step>> {
        let step = Step {
            after_us: 1_500,
            partition: 0,
            offset: 42,
            event: Event::Received,
        };
        let steps = [step.clone(), step];
        (watch == 7).then(|| steps[from..].to_vec())
    }
}

impl Control for Fake {
    fn reset(&self, order: &ResetOrder) -> Answer {
        Answer {
            result: Deed::Done,
            text: format!("{} partitions", order.partitions.len()),
        }
    }

    fn pause(&self, order: &PauseOrder) -> Answer {
        Answer {
            result: Deed::Done,
            text: order.what.to_string(),
        }
    }

    fn resume(&self, order: &ResumeOrder) -> Answer {
        Answer {
            result: Deed::Refused,
            text: order.what.to_string(),
        }
    }
}

/// Two partitions, one of which waits and one has keys parked, one handler, one condition.
pub(crate) fn status() -> Status {
    Status {
        host: "worker-1".to_owned(),
        group: "purchase-worker".to_owned(),
        version: "0.1.0".to_owned(),
        started: "2026-01-01T10:00:00Z".to_owned(),
        member: None,
        state: HostState::Consuming,
        partitions: vec![working(), waiting()],
        handlers: vec![HandlerStatus {
            topic: "purchase-confirmed".to_owned(),
            handler: "purchase-to-access".to_owned(),
            ledger: Ledger {
                begun: 10,
                emitted: 5,
                skipped: 2,
                dead_lettered: 1,
                handed_back: 1,
                open: 1,
            },
            calls: 10,
            mean_call_us: 7.15,
            deadline_ms: 200,
        }],
        conditions: vec![ConditionStatus {
            code: "PSK-O002".to_owned(),
            subject: "course-access-granted".to_owned(),
            text: "unknown topic \"course-access-granted\"".to_owned(),
            first_seen: "2026-01-01T10:00:05Z".to_owned(),
            last_seen: "2026-01-01T10:00:09Z".to_owned(),
            count: 3,
        }],
        pauses: vec![PauseStatus {
            what: Scope::Partition("purchase-confirmed".to_owned(), 2),
            why: "the course service is being moved".to_owned(),
            since: "2026-01-01T10:00:00Z".to_owned(),
            until: "2026-01-01T10:10:00Z".to_owned(),
        }],
        findings: vec![FindingStatus {
            code: "PSK-D018".to_owned(),
            subject: "purchase-confirmed[0]".to_owned(),
            topic: Some("purchase-confirmed".to_owned()),
            partitions: vec![0],
            text: "3 records wait in purchase-confirmed[0], whose host has fetched none of them"
                .to_owned(),
            evidence: vec!["purchase-confirmed[0]: committed 42, log 0 to 45".to_owned()],
            cure: vec!["restart host worker-1".to_owned()],
            first_seen: "2026-01-01T10:00:07Z".to_owned(),
        }],
        healings: 0,
        watchdog_looks: 0,
        commit_interval_ms: 5_000,
        transactions: Some(TransactionsStatus {
            id: "purchase-worker-worker-1".to_owned(),
            committed: 80,
            aborted: 2,
            last_commit: Some("2026-01-01T10:00:09Z".to_owned()),
            open_ms: Some(40),
            waits: None,
        }),
    }
}

fn working() -> PartitionStatus {
    PartitionStatus {
        topic: "purchase-confirmed".to_owned(),
        partition: 0,
        epoch: 1,
        position: 42,
        committed: Some(40),
        end: Some(45),
        lag: Some(3),
        unfinished: 3,
        buffered_bytes: 0,
        oldest_open_ms: None,
        paused: false,
        waits: None,
        parked: Some(ParkedStatus {
            keys: 2,
            records: 3,
            bytes: 420,
            offset: Some(42),
            handler: Some("purchase-to-access".to_owned()),
            code: Some("PSK-H001".to_owned()),
            for_ms: 65_000,
        }),
    }
}

fn waiting() -> PartitionStatus {
    PartitionStatus {
        partition: 2,
        position: 7,
        committed: None,
        end: None,
        lag: None,
        unfinished: 1,
        buffered_bytes: 310,
        oldest_open_ms: Some(4_200),
        waits: Some(WaitStatus {
            kind: "output".to_owned(),
            code: Some("PSK-O002".to_owned()),
            offset: Some(7),
            handler: Some("purchase-to-access".to_owned()),
            text: "course-access-granted can't be written".to_owned(),
            for_ms: 4_000,
        }),
        parked: None,
        ..working()
    }
}
