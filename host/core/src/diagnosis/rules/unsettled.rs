//! Groups that don't settle.

use std::collections::BTreeSet;

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::past::last_commit;
use crate::diagnosis::patience::{FIRST_COMMIT_MS, REBALANCE_MS};
use crate::diagnosis::scene::{Place, Scene, is_rebalancing};
use crate::diagnosis::snapshot::Look;
use crate::diagnosis::words::{list, member, span, wait};

use super::cures::{next_batch, seen};

/// Members come and go so quickly that nothing gets done, or a rebalance does not end.
pub(super) fn rule(scene: &Scene<'_>) -> Vec<Finding> {
    let stuck: Vec<&Place<'_>> = scene
        .places
        .iter()
        .filter(|place| place.is_readable())
        .collect();
    let moves = scene.places.iter().any(|place| place.has_moved());
    let (Some(before), Some(group)) = (scene.first.group.known(), scene.group) else {
        return Vec::new();
    };
    if stuck.is_empty() || moves || !scene.is_of_consumers() || scene.watched_ms() < FIRST_COMMIT_MS
    {
        return Vec::new();
    }
    let (ids_before, ids) = (ids(scene.first), ids(scene.last));
    let replaced = !ids.is_empty() && !ids_before.is_empty() && ids.is_disjoint(&ids_before);
    let passed = scene.roll.passed_through();
    let rises = group
        .epoch
        .zip(before.epoch)
        .map_or(0, |(now, then)| now - then);
    let endless = is_rebalancing(before) && is_rebalancing(group);
    let endless = endless && scene.watched_ms() >= REBALANCE_MS;
    if !(replaced || !passed.is_empty() || rises >= 3 || endless) {
        return Vec::new();
    }
    let watched = span(scene.watched_ms());
    let cause = if endless {
        format!(
            "the group has been sharing out its partitions for {watched}: a member that has some \
             heartbeats, and does not come back to give its consent, since its handler hangs or \
             takes very long. Until it does, or max.poll.interval.ms (5 min by default, here it \
             must be more) puts it out, nobody works"
        )
    } else {
        format!(
            "{}, and the group does not come to rest: within {watched} its members came and went, \
             or its partitions were shared out again and again, and nothing was committed. A \
             client that crashes on a record and is restarted does that, and one whose handler \
             takes longer than max.poll.interval.ms",
            wait(stuck.iter().filter_map(|place| place.waiting()).sum())
        )
    };
    let finding = Finding::new(
        Code::DoctorUnsettled,
        Stage::Group,
        &scene.snapshot.group,
        cause,
    )
    .evidence("state", format!("{}, then {}", before.state, group.state))
    .evidence("members before", joined(&ids_before))
    .evidence("members after", joined(&ids));
    let finding = if passed.is_empty() {
        finding
    } else {
        finding.evidence("came and went", joined(&passed))
    };
    let finding = match group.epoch.zip(before.epoch) {
        Some((now, then)) => finding.evidence("epoch", format!("{then}, then {now}")),
        None => finding,
    };
    let finding = next_batch(seen(finding, &stuck), &stuck);
    let finding = last_commit(finding, scene, &stuck);
    vec![if endless {
        held_up(finding, scene)
    } else {
        restless(finding)
    }]
}

/// What to do about members that come and go.
fn restless(finding: Finding) -> Finding {
    finding
        .or("a deployment is under way, member by member: it is over in a moment")
        .step(
            "look at why the members end: their exit codes, and their last log lines about the \
             group",
        )
        .step(
            "if a record kills them, it lies at the committed offset of one of the partitions; if \
             they are too slow, lower max.poll.records or raise max.poll.interval.ms",
        )
        .step("give members that are restarted often a group.instance.id")
}

/// What to do about the member that all others wait for: one of those that have partitions.
fn held_up(finding: Finding, scene: &Scene<'_>) -> Finding {
    let has = scene
        .members()
        .iter()
        .filter(|of| !of.assignment.is_empty());
    let has: Vec<String> = has.map(member).take(4).collect();
    let who = match has.len() {
        0 => "each member".to_owned(),
        _ => list(&has, "and"),
    };
    finding
        .evidence("waited for", who.clone())
        .step(format!(
            "look at the process of {who}: a thread dump shows what its handler waits for, its \
             log what it retries; the record lies at the committed offset"
        ))
        .step("restart the member whose handler hangs: the others then go on")
        .step(
            "so that it does not last as long again, lower max.poll.interval.ms to what a handler \
             may take",
        )
}

fn ids(look: &Look) -> BTreeSet<&str> {
    let members = look
        .group
        .known()
        .into_iter()
        .flat_map(|group| &group.members);
    members.map(|member| member.id.as_str()).collect()
}

fn joined(ids: &BTreeSet<&str>) -> String {
    if ids.is_empty() {
        return "none".to_owned();
    }
    let shown: Vec<&str> = ids.iter().copied().take(4).collect();
    match ids.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
