//! Members that live and don't get on, or not quickly enough.

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::past::last_commit;
use crate::diagnosis::patience::NEXT_COMMIT_MS;
use crate::diagnosis::quotas::{or_throttled, slowed};
use crate::diagnosis::scene::{Place, Scene};
use crate::diagnosis::words::{count, list, member, span, wait};

use super::cures::{next_batch, numbers, seen, unread};
use super::left_over::is_left_over;

/// A partition with an owner, a commit within the log and records before it, and no commit for
/// longer than clients let pass between two.
pub(super) fn standstill(scene: &Scene<'_>) -> Vec<Finding> {
    if !scene.is_settled() || !scene.is_of_consumers() {
        return Vec::new();
    }
    let topics = scene.by_topic().into_iter();
    topics
        .filter_map(|(topic, places)| standing(scene, topic, &places))
        .collect()
}

/// Records wait at a commit within the log, and it has not moved.
pub(super) fn stands(place: &Place<'_>) -> bool {
    let (Some(at), Some(log), Some(before)) = (place.position(), place.log, place.log_before)
    else {
        return false;
    };
    let within = (log.start..log.last_stable).contains(&at);
    let waited = before.last_stable > at;
    let damaged = place
        .next_batch()
        .is_some_and(|batch| batch.is_sound == Some(false));
    within && waited && !damaged && !place.has_moved() && place.is_readable()
}

fn standing(scene: &Scene<'_>, topic: &str, places: &[&Place<'_>]) -> Option<Finding> {
    let stuck: Vec<&Place<'_>> = places
        .iter()
        .copied()
        // A host of Penstock says itself what it does.
        .filter(|place| place.inside.is_none() && !is_left_over(scene, place))
        .filter(|place| scene.held_ms(place) >= NEXT_COMMIT_MS && stands(place))
        .collect();
    let owner = stuck.first()?.owner?;
    let waiting: i64 = stuck.iter().filter_map(|place| place.waiting()).sum();
    let same = |place: &&Place<'_>| place.owner.is_some_and(|of| of.id == owner.id);
    let others_move = scene
        .places
        .iter()
        .filter(same)
        .any(|place| place.has_moved());
    let watched = span(scene.watched_ms());
    let wait = wait(waiting);
    let cause = if others_move {
        format!(
            "{wait} in {} of {topic}, where nothing was committed for {watched}, while \
             other partitions of the same member move: its handler hangs at, or retries without \
             end, the record at the committed offset",
            numbers(&stuck)
        )
    } else {
        format!(
            "{wait} in {} of {topic}; their owner is in the group, and has \
             committed nothing for {watched}: its handler hangs, or retries one record without end",
            numbers(&stuck)
        )
    };
    let mut finding = Finding::new(Code::DoctorStandstill, Stage::Handler, topic, cause);
    finding = finding.evidence("owner", member(owner));
    finding = seen(finding, &stuck);
    finding = last_commit(next_batch(finding, &stuck), scene, &stuck);
    let written: i64 = stuck.iter().filter_map(|place| place.written()).sum();
    finding = finding.evidence("written meanwhile", written.to_string());
    let paused = "it is paused: many frameworks pause a partition on an error, or for \
                  back-pressure, and its own metrics or log say so";
    finding = unread(finding.or(paused), &stuck);
    finding = or_throttled(finding, scene, &stuck)
        .or("it works, and commits more seldom than it was watched: try a longer --watch-for")
        .or("its commits are refused: its log names the error");
    if !others_move {
        let who = match &owner.instance {
            Some(instance) => format!("the static member {instance}"),
            None => "a member".to_owned(),
        };
        finding = finding.or(format!(
            "its process is gone: {who} that was killed, or lost its network, is in the group \
             until its session ends (session.timeout.ms: 45 s by default, 30 s in KafkaJS)"
        ));
    }
    Some(
        finding
            .step(format!(
                "look at the process of {} on {}: a thread dump shows what its handler waits for, \
                 its log what it retries",
                owner.client, owner.host
            ))
            .command(
                "see the record at the committed offset",
                format!(
                    "penstock peek {topic} --partition {} --from {} -n 1 {}",
                    stuck[0].partition,
                    stuck[0].position().unwrap_or(0),
                    scene.entrance()
                ),
            )
            .step(
                "restart the member: another one takes its partitions, and stops at the same \
                   record if that is to blame",
            ),
    )
}

/// A topic in which more is written than the group commits, and more waits than came since.
pub(super) fn too_slow(scene: &Scene<'_>) -> Vec<Finding> {
    let calm = scene.is_settled() && scene.roll.is_calm();
    if !calm || !scene.is_of_consumers() || scene.watched_ms() < NEXT_COMMIT_MS {
        return Vec::new();
    }
    let topics = scene.by_topic().into_iter();
    topics
        .filter_map(|(topic, mut places)| {
            // Somebody wants it to wait; or what is finished can't be seen from the commits.
            places.retain(|place| place.paused().is_none() && place.parked().is_none());
            slow(scene, topic, &places)
        })
        .collect()
}

/// What was written to and committed in these places, and what waits now.
pub(in crate::diagnosis) fn flow(places: &[&Place<'_>]) -> Option<(i64, i64, i64)> {
    let mut sums = (0, 0, 0);
    for place in places {
        let Some((now, then)) = place.position().zip(place.position_before()) else {
            continue;
        };
        sums.0 += place.written()?;
        sums.1 += now - then;
        sums.2 += place.waiting()?;
    }
    Some(sums)
}

fn slow(scene: &Scene<'_>, topic: &str, places: &[&Place<'_>]) -> Option<Finding> {
    let (written, done, waiting) = flow(places)?;
    // What keeps up has no more before it than came since its last commit.
    let behind = waiting > 2 * written && written > 0;
    if !behind || done <= 0 || done * 10 >= written * 9 {
        return None;
    }
    let rate = |records: i64| {
        format!(
            "{:.1}/s",
            records as f64 * 1000.0 / scene.watched_ms() as f64
        )
    };
    let cause = format!(
        "the group is slower than the producers of {topic}: {} written, {} processed, {}. At \
         these rates it never catches up",
        rate(written),
        rate(done),
        wait(waiting)
    );
    let owners = places
        .iter()
        .filter_map(|place| Some(place.owner?.id.as_str()));
    let owners: std::collections::BTreeSet<&str> = owners.collect();
    let finding = Finding::new(Code::DoctorTooSlow, Stage::Handler, topic, cause)
        .evidence(
            "written",
            format!("{written} in {}", span(scene.watched_ms())),
        )
        .evidence("processed", format!("{done} in the same time"))
        .evidence("waiting", waiting.to_string())
        .evidence(
            "members with partitions",
            format!("{} of {} partitions", owners.len(), places.len()),
        );
    let mut slowest: Vec<&&Place<'_>> = places.iter().collect();
    slowest.sort_by_key(|place| std::cmp::Reverse(place.waiting()));
    let most: Vec<String> = slowest
        .iter()
        .take(3)
        .map(|place| format!("{} {}", place.name(), place.waiting().unwrap_or(0)))
        .collect();
    let finding = finding.evidence("most wait in", list(&most, "and"));
    let finding = slowed(finding, scene, places);
    Some(if owners.len() < places.len() {
        finding.step(format!(
            "add members: there are {} partitions, and {} with some",
            places.len(),
            count(owners.len() as i64, "member", "members")
        ))
    } else {
        finding.step(
            "each partition has a member of its own: more members don't help before there \
                      are more partitions, or a handler that takes less time for a record",
        )
    })
}
