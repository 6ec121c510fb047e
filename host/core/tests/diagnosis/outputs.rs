//! Offsets that advance, and what reaches the output topics meanwhile.

use penstock_core::diagnosis::snapshot::{Answer, Log, Look, Output, Partition, Snapshot, Topic};
use penstock_core::diagnosis::watch_ms;

use crate::world::{Build, NOW_MS, codes, healthy, look, member, only, snapshot};

/// The topic `out`, with a log that ends there.
fn out(end: i64) -> Topic {
    Topic {
        name: "out".to_owned(),
        id: Some("first".to_owned()),
        partitions: Answer::Known(vec![Partition {
            number: 0,
            leader: Some(1),
            log: Answer::Known(Log {
                start: 0,
                last_stable: end,
                end,
            }),
        }]),
        settings: Answer::Unasked,
    }
}

/// Partition 0 of `t` at `at` in a log that ends at `end`, and `out` as it was then.
fn at(at: i64, end: i64, outputs: i64) -> Look {
    let mut look = look()
        .topic("t", &[(0, end, end)])
        .with(member("worker", "t", &[0]))
        .commit("t", 0, at);
    look.outputs = vec![out(outputs)];
    look
}

/// Two looks ten seconds apart, and `out` after them.
fn watched(first: Look, last: Look, outputs: i64, last_ms: Option<i64>) -> Snapshot {
    let mut seen = snapshot(&[first, last.after(10_000)]);
    seen.outputs = vec![Output {
        topic: out(outputs),
        last_ms: Answer::Known(last_ms),
    }];
    seen
}

#[test]
fn offsets_that_advance_with_nothing_produced_are_found() {
    let seen = watched(at(4, 9, 7), at(8, 12, 7), 7, Some(NOW_MS - 3_600_000));
    let diagnosis = only(&seen, "PSK-D019");
    let finding = &diagnosis.findings[0];
    assert!(
        finding.cause.starts_with(
            "4 records of t were handled and committed within 10.0 s, and nothing arrived in out"
        ),
        "{}",
        finding.cause
    );
    for part in ["it filters", "elsewhere", "refused", "it gathers"] {
        assert!(
            finding.others.iter().any(|other| other.contains(part)),
            "no {part:?} in {:?}",
            finding.others
        );
    }
    let evidence: Vec<&str> = finding
        .evidence
        .iter()
        .map(|of| of.value.as_str())
        .collect();
    assert_eq!(
        evidence,
        [
            "committed 4, then 8",
            "nothing arrived; its last record is of 2025-12-31T23:00:00Z, 1 h 0 min before"
        ]
    );
    // It had committed nothing before; what was written meanwhile is handled.
    let mut first = at(0, 9, 7);
    first.committed = Answer::Known(Vec::new());
    let seen = watched(first.clone(), at(12, 12, 7), 7, None);
    let text = format!("{:?}", only(&seen, "PSK-D019").findings);
    assert!(text.contains("3 records of t were handled"), "{text}");
    healthy(&watched(first, at(9, 9, 7), 7, None));
    // It has not finished its backlog: what it committed lies before the log's end of then.
    let seen = watched(at(4, 9, 7), at(8, 9, 7), 7, None);
    let text = format!("{:?}", only(&seen, "PSK-D019").findings);
    assert!(text.contains("4 records of t were handled"), "{text}");
    // Nothing ever came.
    let seen = watched(at(4, 9, 0), at(8, 12, 0), 0, None);
    let text = format!("{:?}", only(&seen, "PSK-D019").findings);
    assert!(text.contains("it holds no record"), "{text}");
}

#[test]
fn where_outputs_arrive_or_nothing_was_done_nothing_is_found() {
    // An output a record; an output now and then.
    healthy(&watched(at(4, 9, 7), at(8, 12, 10), 11, Some(NOW_MS)));
    healthy(&watched(at(4, 9, 7), at(8, 12, 7), 8, Some(NOW_MS)));
    // Nothing was written, and nothing committed.
    let idle = healthy(&watched(at(9, 9, 7), at(9, 9, 7), 7, Some(NOW_MS - 60_000)));
    let notes = idle.notes.join(" ");
    assert!(notes.contains("nothing had to arrive in out"), "{notes}");
    // What was committed now may have been handled before the first look, with its outputs.
    healthy(&watched(at(4, 9, 7), at(9, 9, 7), 7, Some(NOW_MS - 4000)));
    healthy(&watched(at(4, 9, 7), at(9, 9, 7), 7, Some(NOW_MS - 60_000)));
    healthy(&watched(at(4, 9, 7), at(8, 12, 7), 7, Some(NOW_MS - 4000)));
}

#[test]
fn a_commit_of_what_may_have_been_handled_long_before_is_no_fault() {
    // It commits every half minute, and one more record came after that.
    let last_ms = Some(NOW_MS - 60_000);
    healthy(&watched(at(4, 9, 7), at(9, 10, 7), 7, last_ms));
    // Only what was written meanwhile is counted.
    let seen = watched(at(4, 9, 7), at(10, 12, 7), 7, last_ms);
    let finding = &only(&seen, "PSK-D019").findings[0];
    assert!(
        finding.cause.starts_with("1 record of t"),
        "{}",
        finding.cause
    );
    let mut others = finding.others.iter();
    assert!(others.any(|of| of.contains("commits more seldom")));
    let command = finding.cure[0].command.as_deref().unwrap_or_default();
    assert!(command.contains("--from 9 "), "{command}");
}

#[test]
fn outputs_are_watched_until_one_arrives() {
    let first = at(4, 9, 7);
    assert_eq!(watch_ms(&snapshot(&[at(9, 9, 7)])), 10_000);
    let last = at(8, 9, 8).after(3000);
    assert_eq!(watch_ms(&snapshot(&[first, last])), 0);
    let notes = healthy(&snapshot(&[at(9, 9, 7)])).notes.join(" ");
    assert!(notes.contains("whether outputs follow"), "{notes}");
}

#[test]
fn an_output_topic_that_does_not_exist_is_said_to() {
    let mut look = at(9, 9, 7);
    look.outputs[0].partitions = Answer::Missing("UNKNOWN_TOPIC_OR_PARTITION".to_owned());
    let mut seen = snapshot(&[look]);
    seen.topic_names = Answer::Known(vec!["outs".to_owned()]);
    let text = format!("{:?}", only(&seen, "PSK-D004").findings);
    assert!(
        text.contains("the output topic out") && text.contains("outs"),
        "{text}"
    );
}

#[test]
fn what_an_output_topic_hides_is_not_taken_for_nothing() {
    let mut first = at(4, 9, 7);
    let refused = Answer::Unauthorised("TOPIC_AUTHORIZATION_FAILED".to_owned());
    first.outputs[0].partitions = refused;
    let mut last = at(8, 12, 7).after(10_000);
    last.outputs.clone_from(&first.outputs);
    assert_eq!(
        codes(&snapshot(&[first.clone(), last.clone()])),
        ["PSK-D013"]
    );
    // Of another one everything may be seen, and nothing came: the hidden one may have had it.
    let mut other = out(0);
    other.name = "other".to_owned();
    first.outputs.push(other.clone());
    last.outputs.push(other);
    assert_eq!(codes(&snapshot(&[first, last])), ["PSK-D013"]);
}
