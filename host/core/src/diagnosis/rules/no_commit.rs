//! Records wait and nothing is committed: the group began at the end, most likely.

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::past::{Gone, gone, how_it_went};
use crate::diagnosis::patience::FIRST_COMMIT_MS;
use crate::diagnosis::quotas::or_throttled;
use crate::diagnosis::scene::{Place, Scene};
use crate::diagnosis::words::{count, span, time, wait};

use super::cures::{next_batch, numbers, reset, seen, unread};

/// A live group has no committed offset where records wait.
pub(super) fn rule(scene: &Scene<'_>) -> Vec<Finding> {
    if !scene.is_of_consumers() {
        return Vec::new();
    }
    let topics = scene.by_topic().into_iter();
    topics
        .filter_map(|(topic, places)| finding(scene, topic, &places))
        .collect()
}

/// Records that were there before it was first looked at, and no commit since. Of a member that
/// only just joined, the first commit is still to come: that is what the watching is for.
fn waits_without_commit(scene: &Scene<'_>, place: &Place<'_>) -> bool {
    let old = place
        .log_before
        .is_none_or(|log| log.last_stable > log.start);
    let held = scene.held_ms(place) >= FIRST_COMMIT_MS;
    held && place.has_no_commit() && place.is_readable() && old
}

fn finding(scene: &Scene<'_>, topic: &str, places: &[&Place<'_>]) -> Option<Finding> {
    let stuck: Vec<&Place<'_>> = places
        .iter()
        .copied()
        .filter(|place| waits_without_commit(scene, place))
        .collect();
    if stuck.is_empty() || scene.is_rebalancing() {
        return None;
    }
    let waiting: i64 = stuck.iter().filter_map(|place| place.waiting()).sum();
    let some_committed = places.iter().any(|place| place.position().is_some());
    let written: i64 = stuck.iter().filter_map(|place| place.written()).sum();
    let (wait, which) = (wait(waiting), numbers(&stuck));
    let gone: Vec<Gone<'_>> = stuck.iter().filter_map(|it| gone(scene, it)).collect();
    let cause = if gone.len() == stuck.len() {
        format!(
            "{wait} in {which} of {topic}, and the group has no committed offsets there any more: \
             they {}. Its consumers now begin where auto.offset.reset says; with latest, they never see \
             what waits",
            how(&gone)
        )
    } else if some_committed {
        format!(
            "{wait} in {which} of {topic}, for which the group has no committed offset, \
             though it has some for others: it was at the end when it first saw them \
             (auto.offset.reset=latest), as when partitions are added, so what was there already \
             is never read; or their commits expired"
        )
    } else {
        format!(
            "{wait} in {which} of {topic}, and the group has never committed an offset \
             there: its consumers begin at the end (auto.offset.reset=latest; in KafkaJS \
             fromBeginning: false), so they see only what is written from now on, and they commit \
             nothing until then"
        )
    };
    let mut finding = Finding::new(Code::DoctorNoCommit, Stage::Position, topic, cause);
    if let Some(group) = scene.group {
        let members = count(scene.members().len() as i64, "member", "members");
        finding = finding.evidence("group", format!("{}, {members}", group.state));
    }
    finding = next_batch(seen(finding, &stuck), &stuck);
    for of in &gone {
        let label = format!("{}[{}] before", topic, of.track.partition);
        let text = how_it_went(scene, of.track).unwrap_or_default();
        finding = finding.evidence(label, text);
    }
    if scene.is_watched() {
        let mut watched = format!("no commit within {}", span(scene.watched_ms()));
        if written > 0 {
            watched += &format!(", though {written} more were written");
        }
        finding = finding.evidence("watched", watched);
    }
    let never = "it reads, and never commits (enable.auto.commit=false, and no commit in the \
                 code), or its commits are refused: its own log and metrics show records, and \
                 perhaps an authorisation failure on the group";
    let hangs = "it reads, and has not finished its first record: it is paused, or its handler \
                 hangs or retries without end; a thread dump of the client shows which";
    let wanted = "it begins at the end on purpose, and what was there is to be skipped: then nothing \
                  is wrong, and the same command with `--to latest` says so for good";
    let expired = "its commits expired (offsets.retention.minutes, 7 days by default), or went \
                   with a topic that was deleted and made again: then it had worked before";
    finding = unread(finding.or(never).or(hangs), &stuck);
    finding = or_throttled(finding, scene, &stuck);
    if gone.is_empty() {
        finding = finding.or(expired);
    }
    finding = finding.or(wanted);
    let finding = finding.step(
        "either let the consumer begin at the first record where there is no commit: \
         auto.offset.reset=earliest (KafkaJS: fromBeginning: true), and restart it",
    );
    let mut finding = reset(finding, scene, &stuck, "earliest");
    if let Some(at) = resumed_at(&stuck, &gone) {
        finding = finding.step(format!(
            "in place of `--to earliest`, {at} goes on where the group was: only if the topic has \
             not been deleted and made again since, or that skips records"
        ));
    }
    Some(finding.step(
        "don't try it with a new record first: once that is processed, the commit lies behind the \
         old ones, which then are lost at lag 0",
    ))
}

fn how(gone: &[Gone<'_>]) -> String {
    let how = if gone.iter().all(|of| of.was_deleted) {
        "were deleted, with the topic or by hand,"
    } else {
        "expired or were deleted"
    };
    let latest = gone.iter().map(|of| of.gone_ms).max();
    format!("{how} at {}", time(latest.unwrap_or_default()))
}

/// How to put them to where they were, if all of that still lies in the log. No offset tells
/// whether it is the same log.
fn resumed_at(places: &[&Place<'_>], gone: &[Gone<'_>]) -> Option<String> {
    let within = |place: &&Place<'_>| {
        let of = gone.iter().find(|of| {
            (of.track.topic.as_str(), of.track.partition) == (place.topic, place.partition)
        });
        let (last, log) = (of?.track.last?, place.log?);
        (log.start..=log.end)
            .contains(&last.offset)
            .then_some(last.offset)
    };
    let offsets: Vec<i64> = places.iter().map(within).collect::<Option<_>>()?;
    let first = offsets.first()?;
    Some(if offsets.iter().all(|of| of == first) {
        format!("`--to {first}`")
    } else {
        "`--partition N --to OFFSET`, of each the commit that it had before,".to_owned()
    })
}
