//! For how long something has to stand still before that means anything.

use super::scene::{Place, Scene};
use super::snapshot::Snapshot;

/// Without a first commit. Clients commit every five seconds by default, so one that has just
/// joined, and reads, has committed by then.
pub(super) const FIRST_COMMIT_MS: i64 = 6_000;
/// Without a further commit: the same, with room for a slow handler.
pub(super) const NEXT_COMMIT_MS: i64 = 10_000;
/// With an open transaction, or in a rebalance: both pass in a moment, as a rule.
pub(super) const MOMENT_MS: i64 = 3_000;

/// How long the group has to be watched, from the first look, in milliseconds, until the rules can
/// tell a fault from a pause; 0 if what was seen decides.
pub fn watch_ms(snapshot: &Snapshot) -> i64 {
    let Some(scene) = Scene::new(snapshot) else {
        return 0;
    };
    if scene.members().is_empty() || !scene.is_of_consumers() {
        return 0;
    }
    let rebalance = if scene.is_rebalancing() {
        FIRST_COMMIT_MS
    } else {
        0
    };
    let places = scene.places.iter().map(|place| place_ms(&scene, place));
    places.max().unwrap_or(0).max(rebalance)
}

fn place_ms(scene: &Scene<'_>, place: &Place<'_>) -> i64 {
    let held_back = place.log.is_some_and(|log| log.last_stable < log.end);
    let unsettled = if held_back { MOMENT_MS } else { 0 };
    if !place.is_readable() {
        return unsettled;
    }
    if place.has_no_commit() {
        return FIRST_COMMIT_MS;
    }
    // One that moves and is left behind all the same shows that only after some commits.
    if place.has_moved() && !scene.is_left_behind(place) {
        return unsettled;
    }
    NEXT_COMMIT_MS
}
