//! Hosts of Penstock that say themselves what they do.

use penstock_core::diagnosis::diagnose;
use penstock_core::diagnosis::snapshot::{Answer, Host, Look, Snapshot};
use penstock_core::ledger::Ledger;
use penstock_core::status::{
    ConditionStatus, HandlerStatus, HostState, ParkedStatus, PartitionStatus, Status, WaitStatus,
};

use crate::world::{Build, healthy, look, member, only, snapshot};

pub(crate) const CLIENT: &str = "penstock-h1:9644";

/// Partition 0 of `t`, committed up to 4 in a log that ends at 9.
pub(crate) fn at_4_of_9() -> Look {
    look()
        .topic("t", &[(0, 9, 9)])
        .with(member(CLIENT, "t", &[0]))
        .commit("t", 0, 4)
}

pub(crate) fn partition() -> PartitionStatus {
    PartitionStatus {
        topic: "t".to_owned(),
        partition: 0,
        epoch: 1,
        position: 4,
        committed: Some(4),
        end: Some(9),
        lag: Some(5),
        unfinished: 0,
        buffered_bytes: 0,
        oldest_open_ms: None,
        paused: false,
        waits: None,
        parked: None,
    }
}

pub(crate) fn status(partition: PartitionStatus) -> Status {
    Status {
        host: "h1".to_owned(),
        group: "workers".to_owned(),
        version: "0.1.0".to_owned(),
        started: "2026-01-01T00:00:00Z".to_owned(),
        member: Some(format!("{CLIENT}-id")),
        state: HostState::Consuming,
        partitions: vec![partition],
        handlers: vec![HandlerStatus {
            topic: "t".to_owned(),
            handler: "h".to_owned(),
            ledger: Ledger {
                begun: 4,
                emitted: 4,
                ..Ledger::default()
            },
            calls: 4,
            mean_call_us: 2.0,
            deadline_ms: 200,
        }],
        conditions: Vec::new(),
        findings: Vec::new(),
        pauses: Vec::new(),
        healings: 0,
        watchdog_looks: 0,
        commit_interval_ms: 5_000,
        transactions: None,
    }
}

pub(crate) fn of_host(mut look: Look, status: Status) -> Look {
    look.hosts = vec![Host {
        client: CLIENT.to_owned(),
        address: "itself".to_owned(),
        status: Answer::Known(status),
    }];
    look
}

/// Two looks, ten seconds apart, with what the host says in each.
fn seen(first: PartitionStatus, last: Status) -> Snapshot {
    let first = of_host(at_4_of_9(), status(first));
    snapshot(&[first, of_host(at_4_of_9().after(10_000), last)])
}

fn waiting(kind: &str, code: Option<&str>, for_ms: u64) -> PartitionStatus {
    PartitionStatus {
        unfinished: 5,
        oldest_open_ms: Some(for_ms),
        waits: Some(WaitStatus {
            kind: kind.to_owned(),
            code: code.map(str::to_owned),
            offset: Some(4),
            handler: Some("h".to_owned()),
            text: "call 7 in 900 ms; the last one: not yet".to_owned(),
            for_ms,
        }),
        ..partition()
    }
}

fn busy(open_ms: u64) -> PartitionStatus {
    PartitionStatus {
        unfinished: 5,
        oldest_open_ms: Some(open_ms),
        ..partition()
    }
}

fn latched(code: &str, subject: &str) -> ConditionStatus {
    ConditionStatus {
        code: code.to_owned(),
        subject: subject.to_owned(),
        text: "in words".to_owned(),
        first_seen: "2026-01-01T00:00:00Z".to_owned(),
        last_seen: "2026-01-01T00:00:01Z".to_owned(),
        count: 2,
    }
}

#[test]
fn a_host_that_has_records_in_hand_is_no_standstill() {
    // From outside it is one; the host says that its handlers work.
    only(
        &snapshot(&[at_4_of_9(), at_4_of_9().after(10_000)]),
        "PSK-D008",
    );
    let diagnosis = healthy(&seen(busy(3_000), status(busy(9_000))));
    let inside: Vec<&str> = diagnosis.stages[5..8]
        .iter()
        .map(|of| of.text.as_str())
        .collect();
    assert_eq!(
        inside,
        [
            "5 fetched and not finished, 0 bytes",
            "called 4 times, 2.0 µs on average; the oldest open one is 9.0 s old",
            "4 begun = 4 emitted + 0 skipped + 0 dead letters + 0 handed back + 0 open, which \
             balances",
        ]
    );
}

#[test]
fn a_record_in_hand_for_longer_than_its_deadlines_is_found() {
    // Twenty deadlines of 200 ms, and ten seconds.
    healthy(&seen(busy(3_000), status(busy(13_900))));
    let diagnosis = only(&seen(busy(4_000), status(busy(14_000))), "PSK-D017");
    assert_eq!(diagnosis.findings[0].partitions, [0]);
    assert_eq!(diagnosis.findings[0].topic.as_deref(), Some("t"));
    // It waits for brokers, and says so: that is the finding.
    let mut outage = status(busy(60_000));
    outage.conditions = vec![latched("PSK-O002", "out")];
    only(&seen(busy(50_000), outage), "PSK-O002");
}

#[test]
fn a_record_that_is_tried_again_and_again_is_found() {
    let backoff = |ms| waiting("backoff", Some("PSK-H002"), ms);
    healthy(&seen(backoff(19_000), status(backoff(29_000))));
    let diagnosis = only(&seen(backoff(20_000), status(backoff(30_000))), "PSK-H002");
    let finding = &diagnosis.findings[0];
    assert!(
        finding
            .cause
            .contains("record 4 of t[0] has been tried again by h"),
        "{}",
        finding.cause
    );
    let commands: Vec<&str> = finding
        .cure
        .iter()
        .filter_map(|of| of.command.as_deref())
        .collect();
    assert_eq!(
        commands,
        ["penstock peek t --partition 0 --from 4 -n 1 --bootstrap broker:9092"]
    );
}

#[test]
fn outputs_that_nobody_takes_are_found() {
    let full = |ms| waiting("outbox", None, ms);
    healthy(&seen(full(19_000), status(full(29_000))));
    only(&seen(full(20_000), status(full(30_000))), "PSK-O002");
}

#[test]
fn a_host_that_fetches_nothing_is_found() {
    only(&seen(partition(), status(partition())), "PSK-D018");
    // It has just got the partition, or gets records.
    let other_stay = PartitionStatus {
        epoch: 2,
        ..partition()
    };
    healthy(&seen(other_stay, status(partition())));
    healthy(&seen(busy(100), status(partition())));
    // Its buffer is full, or it says what is wrong.
    let paused = PartitionStatus {
        paused: true,
        ..partition()
    };
    healthy(&seen(partition(), status(paused)));
    let mut missing = status(partition());
    missing.conditions = vec![latched("PSK-K008", "t[0]")];
    only(&seen(partition(), missing), "PSK-K008");
}

#[test]
fn what_is_finished_and_not_committed_is_found() {
    let ahead = PartitionStatus {
        position: 8,
        ..busy(100)
    };
    let first = of_host(at_4_of_9(), status(ahead.clone()));
    let after = |ms| {
        let last = of_host(at_4_of_9().after(ms), status(ahead.clone()));
        snapshot(&[first.clone(), last])
    };
    // Two intervals of commits, and ten seconds.
    healthy(&after(19_000));
    only(&after(20_000), "PSK-O004");
}

#[test]
fn what_a_host_has_latched_is_a_finding_and_what_is_over_is_none() {
    let mut halted = status(waiting("halted", Some("PSK-O001"), 5_000));
    halted.conditions = vec![
        latched("PSK-O001", "t[0]"),
        latched("PSK-K005", "t[0]"),
        latched("PSK-X999", "of a later version"),
    ];
    let diagnosis = only(&seen(busy(100), halted), "PSK-O001");
    assert_eq!(diagnosis.findings[0].subject, "t[0]");
}

#[test]
fn a_host_that_does_not_answer_is_seen_from_outside() {
    let mut last = at_4_of_9().after(10_000);
    last.hosts = vec![Host {
        client: CLIENT.to_owned(),
        address: "http://10.0.0.1:9644".to_owned(),
        status: Answer::Failed("nothing listens there".to_owned()),
    }];
    let diagnosis = only(&snapshot(&[at_4_of_9(), last]), "PSK-D008");
    let note = "the host penstock-h1:9644 could not be asked what it does (nothing listens there), \
                so its inside is not seen";
    assert!(
        diagnosis.notes.iter().any(|of| of == note),
        "{:?}",
        diagnosis.notes
    );
}

#[test]
fn a_host_answers_for_what_it_has_alone() {
    let mut of = snapshot(&[look()
        .topic("t", &[(0, 9, 9), (0, 9, 9)])
        .with(member(CLIENT, "t", &[0]))
        .with(member("penstock-h2:9644", "t", &[1]))
        .commit("t", 0, 9)
        .commit("t", 1, 4)]);
    let mut last = of.looks[0].clone();
    last.at_ms += 10_000;
    of.looks.push(last);
    only(&of, "PSK-D008");
    of.client = Some(CLIENT.to_owned());
    healthy(&of);
    of.client = Some("penstock-h2:9644".to_owned());
    assert_eq!(diagnose(&of).findings.len(), 1);
}

/// The record at the committed offset waits for a retry, and all behind it is finished.
fn with_a_parked_key(for_ms: u64) -> PartitionStatus {
    PartitionStatus {
        unfinished: 2,
        parked: Some(ParkedStatus {
            keys: 1,
            records: 2,
            bytes: 20,
            offset: Some(4),
            handler: Some("h".to_owned()),
            code: Some("PSK-H001".to_owned()),
            for_ms,
        }),
        ..partition()
    }
}

#[test]
fn commits_that_stand_still_for_a_parked_key_are_healthy_and_say_so() {
    let hour = 3_600_000;
    let parked = with_a_parked_key(hour);
    let diagnosis = healthy(&seen(parked.clone(), status(parked)));
    let notes = diagnosis.notes.join("\n");
    assert!(
        notes.contains(
            "t[0]: 1 key parked (2 records), the longest for 1 h 0 min, record 4 by h (PSK-H001). \
             The other keys go on; the committed offset stays before that record"
        ),
        "{notes}"
    );
    assert_eq!(
        diagnosis.stages[8].text,
        "commits stay at what is parked in 1 partition, and the rest goes on"
    );
}

#[test]
fn a_group_is_not_slow_for_what_it_has_parked() {
    // Eight are written and none is committed, beside a partition that keeps up.
    let at = |end, committed| {
        look()
            .topic("t", &[(0, end, end), (0, 9, 9)])
            .with(member(CLIENT, "t", &[0, 1]))
            .commit("t", 0, 4)
            .commit("t", 1, committed)
    };
    let of = |parked: bool| {
        let of = |partition: PartitionStatus, number| PartitionStatus {
            partition: number,
            ..partition
        };
        let mut status = status(match parked {
            true => with_a_parked_key(20_000),
            false => busy(100),
        });
        status.partitions.push(of(busy(100), 1));
        let first = of_host(at(40, 8), status.clone());
        snapshot(&[first, of_host(at(48, 9).after(10_000), status)])
    };
    only(&of(false), "PSK-D009");
    healthy(&of(true));
}

#[test]
fn a_park_that_is_full_is_found() {
    let mut full = status(waiting("parking", Some("PSK-O006"), 5_000));
    full.conditions = vec![latched("PSK-O006", "t[0]")];
    let diagnosis = only(&seen(with_a_parked_key(5_000), full), "PSK-O006");
    assert_eq!(diagnosis.findings[0].subject, "t[0]");
}

#[test]
fn what_is_paused_on_purpose_is_healthy_and_says_so() {
    let mut paused = waiting("paused", None, 90_000);
    if let Some(waits) = &mut paused.waits {
        waits.text = "a release is looked into (until 2026-01-01T00:10:00Z)".to_owned();
    }
    let diagnosis = diagnose(&seen(paused.clone(), status(paused)));
    assert_eq!(diagnosis.findings, []);
    let notes = diagnosis.notes.join("\n");
    assert!(
        notes.contains("is paused on purpose: a release is looked into (until 2026"),
        "{notes}"
    );
}

#[test]
fn a_topic_that_waits_for_its_plugin_is_said_unless_others_read_it() {
    let at_work = || {
        status(PartitionStatus {
            position: 9,
            ..partition()
        })
    };
    let compiling = Status {
        conditions: vec![latched("PSK-O007", "slow")],
        ..at_work()
    };
    let caught_up = || at_4_of_9().commit("t", 0, 9).topic("slow", &[(0, 3, 3)]);
    let mut seen = snapshot(&[of_host(caught_up(), compiling.clone())]);
    seen.topics = vec!["t".to_owned(), "slow".to_owned()];
    // What nobody subscribes to would be PSK-D011; why so is known better.
    only(&seen, "PSK-O007");
    let other = member("penstock-h2:9644", "slow", &[0]);
    let with_other = caught_up().with(other).commit("slow", 0, 3);
    seen.looks = vec![of_host(with_other, compiling)];
    healthy(&seen);
    seen.looks = vec![of_host(caught_up(), at_work())];
    only(&seen, "PSK-D011");
}
