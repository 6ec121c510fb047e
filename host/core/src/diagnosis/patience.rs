//! For how long something has to stand still before that means anything.

use super::outputs::{arrivals, nothing_arrived};
use super::scene::{Place, Scene};
use super::snapshot::{Committed, Snapshot};

/// Without a first commit. Clients commit every five seconds by default, so one that has just
/// joined, and reads, has committed by then.
pub(super) const FIRST_COMMIT_MS: i64 = 6_000;
/// Without a further commit: the same, with room for a slow handler.
pub(super) const NEXT_COMMIT_MS: i64 = 10_000;
/// With an open transaction, or in a rebalance: both pass in a moment, as a rule.
pub(super) const MOMENT_MS: i64 = 3_000;

/// Of one record that is tried again and again, or of a partition that no output is taken from,
/// in milliseconds: what passes by itself has passed by then.
pub(super) const BACKOFF_MS: u64 = 30_000;
pub(super) const OUTBOX_MS: u64 = 30_000;

/// Transactions of usual length are over by then.
pub(super) const TRANSACTION_MS: i64 = 10_000;
/// While members come and go, nothing more is to be learnt.
const WATCH_MAX_MS: i64 = 30_000;
/// A rebalance: a member may take max.poll.interval.ms, 5 minutes by default, until it joins.
pub(super) const REBALANCE_MS: i64 = 330_000;

/// How long the group has to be watched, from the first look, in milliseconds, until the rules can
/// tell a fault from a pause; 0 if what was seen decides.
pub fn watch_ms(snapshot: &Snapshot) -> i64 {
    let Some(scene) = Scene::new(snapshot) else {
        return 0;
    };
    if !scene.is_of_consumers() {
        return 0;
    }
    if !scene.roll.passed_through().is_empty() {
        return FIRST_COMMIT_MS;
    }
    if scene.members().is_empty() {
        // Of a group without commits that was left, only a member that comes back says what it reads.
        let unknown = scene.places.is_empty() && snapshot.topics.is_empty();
        let waits = scene
            .places
            .iter()
            .any(|it| it.is_readable() && !it.has_moved());
        let pending = if scene.places.iter().any(is_pending) {
            MOMENT_MS
        } else {
            0
        };
        return if waits || unknown {
            FIRST_COMMIT_MS
        } else {
            pending
        };
    }
    let rebalance = if scene.is_rebalancing() {
        FIRST_COMMIT_MS
    } else {
        0
    };
    let places = scene.places.iter().map(|place| place_ms(&scene, place));
    let longest = places.max().unwrap_or(0).max(rebalance);
    longest.max(outputs_ms(&scene)).min(WATCH_MAX_MS)
}

/// What is committed may lead to an output until the next commit, and not later.
fn outputs_ms(scene: &Scene<'_>) -> i64 {
    let told = scene.is_seen_inside() || !scene.is_settled();
    if told || !nothing_arrived(&arrivals(scene)) {
        return 0;
    }
    NEXT_COMMIT_MS
}

/// A position before which offsets lie that may or may not be records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclear {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The broker that leads it.
    pub leader: i32,
    /// The position.
    pub from: i64,
    /// The last stable offset.
    pub until: i64,
}

/// Where it is worth a look at what lies there: markers of transactions, and what was compacted
/// away, wait for nobody. At most `most` positions, those with the fewest offsets first, since
/// many are hardly all markers.
pub fn unclear(snapshot: &Snapshot, most: usize) -> Vec<Unclear> {
    let Some(scene) = Scene::new(snapshot).filter(Scene::is_of_consumers) else {
        return Vec::new();
    };
    let lags = scene
        .places
        .iter()
        .filter(|place| !place.has_moved() && place.ahead.is_none());
    let mut lags: Vec<(i64, &Place<'_>)> = lags
        .filter_map(|place| Some((place.waiting()?, place)))
        .filter(|(lag, _)| *lag > 0)
        .collect();
    lags.sort_by_key(|(lag, _)| *lag);
    let unclear = lags.into_iter().take(most).filter_map(|(lag, place)| {
        let from = place.reads_at()?;
        Some(Unclear {
            topic: place.topic.to_owned(),
            partition: place.partition,
            leader: place.leader?,
            from,
            until: from + lag,
        })
    });
    unclear.collect()
}

/// Whether a transaction that is not over yet commits it.
fn is_pending(place: &Place<'_>) -> bool {
    place.committed == Some(Committed::Unstable)
}

fn place_ms(scene: &Scene<'_>, place: &Place<'_>) -> i64 {
    let held_back = place.log.is_some_and(|log| log.last_stable < log.end);
    let unsettled = if held_back || is_pending(place) {
        MOMENT_MS
    } else {
        0
    };
    if !place.is_readable() {
        return unsettled;
    }
    // From when its owner has had it; a rebalance may last for longer than anybody would wait.
    let since = place.owner_since_ms.filter(|_| !scene.is_rebalancing());
    let began = since.map_or(0, |since| since - scene.first.at_ms);
    if place.has_no_commit() {
        return began + FIRST_COMMIT_MS;
    }
    // One that moves and is left behind all the same shows that only after some commits.
    if place.has_moved() && !scene.is_left_behind(place) {
        return unsettled;
    }
    began + NEXT_COMMIT_MS
}
