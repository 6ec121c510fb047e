//! Commits that lie outside of their logs.

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::scene::{Place, Scene};
use crate::diagnosis::words::count;

use super::cures::{numbers, reset, seen};

/// Before the first record, or behind the end.
pub(super) fn rule(scene: &Scene<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (topic, places) in scene.by_topic() {
        let chosen = |is: fn(&Place<'_>) -> bool| -> Vec<&Place<'_>> {
            places.iter().copied().filter(|place| is(place)).collect()
        };
        let (before, behind) = (chosen(is_before), chosen(is_behind));
        if !before.is_empty() {
            findings.push(deleted(scene, topic, &before));
        }
        if !behind.is_empty() {
            findings.push(beyond(scene, topic, &behind));
        }
    }
    findings
}

fn is_before(place: &Place<'_>) -> bool {
    let position = place.position().zip(place.log);
    position.is_some_and(|(at, log)| at < log.start)
}

fn is_behind(place: &Place<'_>) -> bool {
    let position = place.position().zip(place.log);
    position.is_some_and(|(at, log)| at > log.end)
}

fn deleted(scene: &Scene<'_>, topic: &str, places: &[&Place<'_>]) -> Finding {
    let lost: i64 = places
        .iter()
        .filter_map(|place| Some(place.log?.start - place.position()?))
        .sum();
    let cause = format!(
        "the group's committed offset in {} of {topic} lies before the first record: up to {} \
         were deleted, by retention or by hand, before the group had read them. A consumer that \
         begins there is refused, and goes where auto.offset.reset says; with latest, it skips \
         all that is left",
        numbers(places),
        count(lost, "record", "records")
    );
    let finding = Finding::new(Code::DoctorOutsideLog, Stage::Position, topic, cause);
    let finding = seen(finding, places)
        .evidence("deleted unread", format!("up to {lost}"))
        .all_evidence(retention(scene, topic))
        .step(
            "either set auto.offset.reset=earliest, and restart the members: they go on with the \
             first record that is left",
        );
    reset(finding, scene, places, "earliest").step(
        "keep it from coming again: retention.ms (or retention.bytes) of the topic has to be \
         longer than the longest time that the group may be behind",
    )
}

/// What the topic keeps, by its settings.
fn retention(scene: &Scene<'_>, topic: &str) -> Vec<(String, String)> {
    let topic = scene.last.topics.iter().find(|of| of.name == topic);
    let settings = topic.and_then(|of| of.settings.known());
    let settings = settings.into_iter().flatten();
    let settings = settings.filter(|(name, _)| name.starts_with("retention."));
    settings
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn beyond(scene: &Scene<'_>, topic: &str, places: &[&Place<'_>]) -> Finding {
    let cause = format!(
        "the group's committed offset in {} of {topic} lies behind the end of the log: the topic \
         was deleted and made again, a broker lost records that were committed (an unclean \
         election), or the offset was set by hand. New records up to there are not read",
        numbers(places)
    );
    let finding = Finding::new(Code::DoctorOutsideLog, Stage::Position, topic, cause);
    let finding = seen(finding, places);
    reset(finding, scene, places, "earliest").step(
        "to do none again that was done, use `--to latest` instead: it skips what is there now",
    )
}
