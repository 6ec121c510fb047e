//! What the group committed before it was looked at.

use penstock_core::diagnosis::snapshot::{Answer, History, Look, Mark, Snapshot, Track};
use penstock_core::diagnosis::{Finding, at_the_end};

use crate::world::{Build, NOW_MS, healthy, look, member, only, snapshot, still};

const MINUTE_MS: i64 = 60_000;

fn track(first: (i64, i64), last: (i64, i64), gone_ms: Option<i64>) -> Track {
    let mark = |(offset, at_ms)| Some(Mark { offset, at_ms });
    Track {
        topic: "t".to_owned(),
        partition: 0,
        first: mark(first),
        last: mark(last),
        gone_ms,
        latest_record_ms: None,
    }
}

fn with(mut of: Snapshot, track: Track, retention_ms: Option<i64>) -> Snapshot {
    of.history = Answer::Known(History {
        is_whole: true,
        began_ms: Some(NOW_MS - 60 * MINUTE_MS),
        retention_ms,
        tracks: vec![track],
    });
    of
}

/// A member that has partition 0 of `t`, with a log that ends at `end`.
fn group(end: i64) -> Look {
    look()
        .topic("t", &[(0, end, end)])
        .with(member("worker", "t", &[0]))
}

fn evidence<'f>(of: &'f Finding, label: &str) -> &'f str {
    let found = of.evidence.iter().find(|of| of.label == label);
    found.map(|of| of.value.as_str()).unwrap_or_default()
}

#[test]
fn a_standstill_shows_when_the_group_last_committed_and_how_fast_before() {
    let (then, last) = (NOW_MS - 15 * MINUTE_MS, NOW_MS - 5 * MINUTE_MS);
    let seen = with(
        still(group(9).commit("t", 0, 4)),
        track((-596, then), (4, last), None),
        None,
    );
    let finding = &only(&seen, "PSK-D008").findings[0];
    assert_eq!(
        evidence(finding, "last commit"),
        "t[0] at 4, 2025-12-31T23:55:00Z, 5 min 10 s before; 1.0/s in the 10 min 0 s until then"
    );
    // Without the journal, it goes on without.
    let finding = &only(&still(group(9).commit("t", 0, 4)), "PSK-D008").findings[0];
    assert_eq!(evidence(finding, "last commit"), "");
}

fn no_commit(gone_ms: i64, retention_ms: Option<i64>) -> Finding {
    let committed = (3, NOW_MS - 10 * MINUTE_MS);
    let of = track(committed, committed, Some(gone_ms));
    only(&with(still(group(9)), of, retention_ms), "PSK-D001")
        .findings
        .remove(0)
}

fn command(of: &Finding) -> &str {
    let mut commands = of.cure.iter().filter_map(|it| it.command.as_deref());
    commands.next().unwrap_or_default()
}

#[test]
fn an_old_commit_that_is_gone_is_named_and_not_taken_for_expired() {
    // The topic may have been made again: what the group had read is not what lies there now.
    let finding = no_commit(NOW_MS - MINUTE_MS, Some(MINUTE_MS));
    let expected = "no committed offsets there any more: they expired or were deleted at";
    assert!(finding.cause.contains(expected), "{}", finding.cause);
    assert_eq!(
        evidence(&finding, "t[0] before"),
        "commit of 3, of 2025-12-31T23:50:00Z, expired or deleted at 2025-12-31T23:59:00Z \
         (offsets.retention.minutes=1)"
    );
    assert!(!finding.others.iter().any(|of| of.contains("expired")));
    assert!(
        command(&finding).ends_with("--topic t --to earliest"),
        "{:?}",
        finding.cure
    );
    let mut steps = finding.cure.iter().map(|it| it.text.as_str());
    assert!(
        steps.any(|it| it.contains("`--to 3`") && it.contains("skip")),
        "{:?}",
        finding.cure
    );
}

#[test]
fn an_old_commit_behind_the_log_is_no_place_to_go_on() {
    let committed = (30, NOW_MS - 10 * MINUTE_MS);
    let of = track(committed, committed, Some(NOW_MS - MINUTE_MS));
    let seen = with(still(group(9)), of, Some(MINUTE_MS));
    let finding = &only(&seen, "PSK-D001").findings[0];
    assert!(!finding.cure.iter().any(|it| it.text.contains("--to 30")));
    assert!(evidence(finding, "t[0] before").starts_with("commit of 30, of "));
}

#[test]
fn a_commit_that_was_too_young_to_expire_was_deleted() {
    let finding = no_commit(NOW_MS - MINUTE_MS, Some(60 * MINUTE_MS));
    assert!(
        finding.cause.contains("they were deleted"),
        "{}",
        finding.cause
    );
    assert!(
        command(&finding).ends_with("--to earliest"),
        "{:?}",
        finding.cure
    );
    // For how long commits are kept may be unknown.
    let finding = no_commit(NOW_MS - MINUTE_MS, None);
    assert!(
        finding.cause.contains("they expired or were deleted at"),
        "{}",
        finding.cause
    );
}

#[test]
fn a_group_that_is_gone_has_left_its_commits() {
    let mut gone = look().topic("t", &[(0, 9, 9)]);
    gone.group = Answer::Missing("GROUP_ID_NOT_FOUND".to_owned());
    let committed = (3, NOW_MS - 10 * MINUTE_MS);
    let of = track(committed, committed, Some(NOW_MS - MINUTE_MS));
    let seen = with(snapshot(&[gone]), of, Some(MINUTE_MS));
    let finding = &only(&seen, "PSK-D006").findings[0];
    let text = evidence(finding, "t[0]");
    assert!(
        text.starts_with("commit of 3, of 2025-12-31T23:50:00Z, expired"),
        "{text}"
    );
}

/// A group that came to be an hour ago, whose first commit was `first` and whose last is `last`;
/// the latest record is of so many milliseconds ago.
fn at_rest(first: i64, last: i64, record_ago_ms: i64) -> Snapshot {
    let joined = NOW_MS - 60 * MINUTE_MS + 5000;
    let mut of = track((first, joined), (last, joined + 5000), None);
    of.latest_record_ms = Some(NOW_MS - record_ago_ms);
    with(snapshot(&[group(9).commit("t", 0, last)]), of, None)
}

#[test]
fn a_first_commit_at_the_end_is_noted_and_no_fault() {
    let seen = at_rest(9, 9, 90 * MINUTE_MS);
    assert_eq!(at_the_end(&seen, 20).len(), 1);
    let notes = healthy(&seen).notes.join(" ");
    for part in [
        "all that the group ever committed of t[0] is the end, 5.0 s after it came to be",
        "up to 9 records lie before",
        "auto.offset.reset=latest",
    ] {
        assert!(notes.contains(part), "no {part:?} in {notes}");
    }
}

#[test]
fn a_first_commit_is_not_spoken_of_where_the_group_has_read_something() {
    let silent = |seen: &Snapshot| {
        let notes = healthy(seen).notes.join(" ");
        assert!(!notes.contains("ever committed"), "{notes}");
    };
    // The last record came when the group was there: it was read.
    silent(&at_rest(9, 9, 10 * MINUTE_MS));
    // It went on from one commit to the next.
    silent(&at_rest(4, 9, 90 * MINUTE_MS));
    // What it committed first is not known.
    let mut seen = at_rest(9, 9, 90 * MINUTE_MS);
    if let Answer::Known(history) = &mut seen.history {
        history.is_whole = false;
    }
    silent(&seen);
    assert!(at_the_end(&seen, 20).is_empty());
}
