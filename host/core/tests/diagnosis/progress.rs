//! Members that live: at a standstill, too slow, idle, or busy.

use penstock_core::diagnosis::snapshot::{Ahead, Answer, Batch, Look};
use penstock_core::diagnosis::{unclear, watch_ms};

use crate::world::{Build, NOW_MS, healthy, look, member, only, snapshot, still};

/// Partition 0 of `t` at `at` in a log that ends at `end`.
fn at(at: i64, end: i64) -> Look {
    look()
        .topic("t", &[(0, end, end)])
        .with(member("worker", "t", &[0]))
        .commit("t", 0, at)
}

#[test]
fn a_member_that_commits_nothing_for_longer_than_any_should_is_found() {
    let diagnosis = only(&still(at(4, 9)), "PSK-D008");
    let finding = &diagnosis.findings[0];
    assert!(
        finding
            .cause
            .starts_with("5 records wait in partition 0 of t"),
        "{}",
        finding.cause
    );
    assert!(
        finding
            .others
            .iter()
            .any(|other| other.starts_with("it is paused"))
    );
    // A broker does not show when a member was last heard of.
    assert!(
        finding
            .others
            .iter()
            .any(|other| other.starts_with("its process is gone: a member"))
    );
    let peek = finding.cure.iter().find_map(|step| step.command.as_deref());
    assert_eq!(
        peek,
        Some("penstock peek t --partition 0 --from 4 -n 1 --bootstrap broker:9092")
    );
    assert_eq!(watch_ms(&snapshot(&[at(4, 9)])), 10_000);
}

#[test]
fn what_is_no_standstill() {
    healthy(&still(at(9, 9)));
    healthy(&snapshot(&[at(4, 9), at(5, 9).after(10_000)]));
    // Clients commit every five seconds.
    healthy(&snapshot(&[at(4, 9), at(4, 9).after(5000)]));
    // It came while it was watched.
    healthy(&snapshot(&[at(4, 4), at(4, 9).after(10_000)]));
    // It has only just got the partition.
    let mut other = at(4, 9).after(10_000);
    other.group = look().with(member("worker-2", "t", &[0])).group;
    let taken = snapshot(&[at(4, 9).with(member("worker-2", "t", &[])), other]);
    healthy(&taken);
}

#[test]
fn where_other_partitions_of_the_member_move_one_record_is_blamed() {
    let both = |moving: i64| {
        look()
            .topic("t", &[(0, 9, 9), (0, 90, 90)])
            .with(member("worker", "t", &[0, 1]))
            .commit("t", 0, 4)
            .commit("t", 1, moving)
    };
    let diagnosis = only(&snapshot(&[both(10), both(60).after(10_000)]), "PSK-D008");
    let finding = &diagnosis.findings[0];
    assert!(
        finding
            .cause
            .contains("while other partitions of the same member move")
    );
    assert!(!finding.others.iter().any(|other| other.contains("gone")));
}

fn batch(is_sound: Option<bool>) -> Batch {
    Batch {
        first: 4,
        last: 8,
        records: 5,
        bytes: 1234,
        codec: "zstd".to_owned(),
        time_ms: NOW_MS,
        is_sound,
    }
}

fn ahead(batch: Answer<Option<Batch>>) -> Ahead {
    Ahead {
        topic: "t".to_owned(),
        partition: 0,
        from: 4,
        batch,
    }
}

#[test]
fn a_lag_of_markers_or_of_what_was_compacted_away_waits_for_nobody() {
    let mut seen = still(at(4, 5));
    let question = unclear(&seen, 9);
    assert_eq!(
        (question[0].from, question[0].until, question[0].leader),
        (4, 5, 1)
    );
    seen.ahead = vec![ahead(Answer::Known(None))];
    let notes = healthy(&seen).notes;
    assert!(
        notes
            .iter()
            .any(|note| note.starts_with("the lag of t[0] (1)")),
        "{notes:?}"
    );
    assert!(unclear(&seen, 9).is_empty());
    seen.looks.truncate(1);
    assert_eq!(watch_ms(&seen), 0);
    // It could not be looked at: then it is not taken for a marker.
    let mut unknown = still(at(4, 5));
    unknown.ahead = vec![ahead(Answer::Failed("no answer".to_owned()))];
    only(&unknown, "PSK-D008");
}

#[test]
fn the_batch_at_the_position_is_evidence() {
    let mut seen = still(at(4, 9));
    seen.ahead = vec![ahead(Answer::Known(Some(batch(Some(true)))))];
    let diagnosis = only(&seen, "PSK-D008");
    let shown = diagnosis.findings[0]
        .evidence
        .iter()
        .find(|of| of.label == "next batch");
    assert_eq!(
        shown.map(|of| of.value.as_str()),
        Some("t[0], 5 records at 4 to 8, 1234 bytes, zstd, of 2026-01-01T00:00:00Z")
    );
    let others = &diagnosis.findings[0].others;
    assert!(
        others
            .iter()
            .any(|other| other.contains("t[0] at 4: it lacks zstd")),
        "{others:?}"
    );
    // Any client can read a small batch that isn't compressed.
    let mut plain = batch(Some(true));
    plain.codec = "not compressed".to_owned();
    seen.ahead = vec![ahead(Answer::Known(Some(plain)))];
    let others = &only(&seen, "PSK-D008").findings[0].others;
    let unread = others.iter().any(|other| other.contains("can't read"));
    assert!(!unread, "{others:?}");
}

#[test]
fn a_damaged_batch_is_certain_and_one_that_was_passed_is_not_looked_at() {
    let mut seen = still(at(4, 9));
    seen.ahead = vec![ahead(Answer::Known(Some(batch(Some(false)))))];
    let diagnosis = only(&seen, "PSK-D016");
    let cure = diagnosis.findings[0]
        .cure
        .iter()
        .rev()
        .find_map(|step| step.command.as_deref());
    assert!(
        cure.is_some_and(|command| command.ends_with("--to 9")),
        "{cure:?}"
    );
    seen.looks[1] = at(9, 9).after(10_000);
    healthy(&seen);
}

#[test]
fn a_group_that_is_slower_than_its_producers_is_found_with_the_rates() {
    let slow = snapshot(&[at(100, 10_000), at(200, 11_000).after(10_000)]);
    let diagnosis = only(&slow, "PSK-D009");
    let cause = &diagnosis.findings[0].cause;
    assert!(
        cause.contains("100.0/s written, 10.0/s processed, 10800 records wait"),
        "{cause}"
    );
}

#[test]
fn what_keeps_up_or_catches_up_is_not_too_slow() {
    // As many as came since the last commit.
    healthy(&snapshot(&[
        at(9500, 10_000),
        at(10_300, 11_000).after(10_000),
    ]));
    let catching_up = snapshot(&[at(100, 10_000), at(5100, 11_000).after(10_000)]);
    let notes = healthy(&catching_up).notes;
    assert!(
        notes
            .iter()
            .any(|note| note.ends_with("caught up in about 14.7 s")),
        "{notes:?}"
    );
}

#[test]
fn idle_is_healthy_and_decided_at_one_look() {
    let seen = snapshot(&[at(9, 9)]);
    assert_eq!(watch_ms(&seen), 0);
    let notes = healthy(&seen).notes;
    assert_eq!(
        notes,
        ["nothing waits: the group is idle because nothing is written"]
    );
}
