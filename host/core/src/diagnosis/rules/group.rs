//! Groups that aren't there, that nobody is in, and that don't settle.

use std::collections::BTreeSet;

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::patience::{FIRST_COMMIT_MS, REBALANCE_MS};
use crate::diagnosis::scene::{Place, Scene, is_rebalancing};
use crate::diagnosis::snapshot::{Answer, GroupKind, Look};
use crate::diagnosis::words::{list, near, quoted, span, wait};

use super::cures::{next_batch, seen, tool};

/// The coordinator knows no such group.
pub(super) fn missing(scene: &Scene<'_>) -> Vec<Finding> {
    let name = &scene.snapshot.group;
    let Answer::Missing(why) = &scene.last.group else {
        return Vec::new();
    };
    let listed = scene.snapshot.groups.known();
    if listed
        .into_iter()
        .flatten()
        .any(|of| of.id == *name && of.kind != Some(GroupKind::Classic))
    {
        // It is there, and of a kind that is only named; see the notes.
        return Vec::new();
    }
    let cause = format!(
        "there is no group {name}: no client has joined it, or its last member left without ever \
         having committed anything, or so long ago that its commits have expired"
    );
    let mut finding = Finding::new(Code::DoctorGroupMissing, Stage::Group, name, cause)
        .evidence("coordinator", why.as_str());
    let near = near(name, listed.into_iter().flatten().map(|of| of.id.as_str()));
    if !near.is_empty() {
        finding = finding.evidence("similar groups", list(&near, "and"));
    }
    if let Some(all) = listed {
        finding = finding.evidence("groups seen", all.len().to_string());
    }
    vec![
        finding
            .command(
                "is it the name that the client is configured with (group.id)? These are there",
                format!(
                    "kafka-consumer-groups.sh --bootstrap-server {} --list",
                    quoted(&scene.snapshot.bootstrap)
                ),
            )
            .step("is it this cluster that the client talks to (bootstrap.servers)?")
            .step(
                "does the client run, and does it subscribe? A client of librdkafka does not join \
                 as long as none of its topics exists; one that assigns partitions itself never \
                 joins; one of KafkaJS joins with run()",
            ),
    ]
}

/// Records wait, and nobody is there to read them.
pub(super) fn nobody(scene: &Scene<'_>) -> Vec<Finding> {
    let empty = scene.group.is_some_and(|group| {
        let of_consumers = matches!(group.kind, GroupKind::Classic | GroupKind::Consumer);
        of_consumers && group.state == "Empty" && group.members.is_empty()
    });
    // Consumers that assign themselves partitions commit without being members.
    let moves = scene.places.iter().any(|place| place.has_moved());
    if !empty || moves {
        return Vec::new();
    }
    if scene.places.is_empty() && scene.snapshot.topics.is_empty() {
        return vec![never_came_far(scene)];
    }
    let waiting: Vec<&Place<'_>> = scene
        .places
        .iter()
        .filter(|place| place.is_readable())
        .collect();
    if waiting.is_empty() || scene.watched_ms() < FIRST_COMMIT_MS {
        return Vec::new();
    }
    let records: i64 = waiting.iter().filter_map(|place| place.waiting()).sum();
    let had_members = scene
        .first
        .group
        .known()
        .is_some_and(|group| !group.members.is_empty());
    let came = if had_members {
        "its last member left while it was watched"
    } else {
        "it has no members"
    };
    let cause = format!(
        "{}, and nobody is in the group: {came}. Its consumers are not started, have crashed, or \
         live and were thrown out: {THROWN_OUT}",
        wait(records)
    );
    let finding = Finding::new(
        Code::DoctorNobody,
        Stage::Group,
        &scene.snapshot.group,
        cause,
    );
    let finding = finding.evidence("group", "Empty, no members");
    let finding = next_batch(seen(finding, &waiting), &waiting);
    vec![come_back(scene, finding)]
}

const THROWN_OUT: &str = "a client that does not poll for max.poll.interval.ms leaves, and one of \
                          KafkaJS whose handler hangs, or that lacks the compression of a batch, ends up outside without a word";

/// Kafka forgets a group without members and without commits within minutes.
fn never_came_far(scene: &Scene<'_>) -> Finding {
    let cause = format!(
        "nobody is in the group, and it has no committed offset for anything: its members left \
         within the last minutes, and had never finished a record. Perhaps they crash at the first \
         one, or live and were thrown out: {THROWN_OUT}"
    );
    let finding = Finding::new(
        Code::DoctorNobody,
        Stage::Group,
        &scene.snapshot.group,
        cause,
    )
    .evidence("group", "Empty, no members, no commits")
    .or(
        "there was nothing for them to read: name the topic (--topic), to see whether something \
             waits there",
    );
    come_back(scene, finding)
}

fn come_back(scene: &Scene<'_>, finding: Finding) -> Finding {
    finding
        .step(
            "do the processes run? If so, restart one, and look in its log for its last words \
             about the group: left, max.poll.interval.ms exceeded, fenced, not authorised",
        )
        .command(
            "then see them join",
            format!("{} --describe --members", tool(scene)),
        )
}

/// Members come and go so quickly that nothing gets done, or a rebalance does not end.
pub(super) fn unsettled(scene: &Scene<'_>) -> Vec<Finding> {
    let waits = scene.places.iter().any(|place| place.is_readable());
    let moves = scene.places.iter().any(|place| place.has_moved());
    let (Some(before), Some(group)) = (scene.first.group.known(), scene.group) else {
        return Vec::new();
    };
    if !waits || moves || !scene.is_of_consumers() || scene.watched_ms() < FIRST_COMMIT_MS {
        return Vec::new();
    }
    let (ids_before, ids) = (ids(scene.first), ids(scene.last));
    let replaced = !ids.is_empty() && !ids_before.is_empty() && ids.is_disjoint(&ids_before);
    let rises = group
        .epoch
        .zip(before.epoch)
        .map_or(0, |(now, then)| now - then);
    let endless = is_rebalancing(before) && is_rebalancing(group);
    let endless = endless && scene.watched_ms() >= REBALANCE_MS;
    if !(replaced || rises >= 3 || endless) {
        return Vec::new();
    }
    let watched = span(scene.watched_ms());
    let cause = if endless {
        format!(
            "the group has been sharing out its partitions for {watched}, longer than any member \
             may take for it: one of them heartbeats and does not join"
        )
    } else {
        format!(
            "the group does not come to rest: within {watched} its members were all replaced, or \
             its partitions shared out again and again, and nothing was committed. A client that \
             crashes on a record and is restarted does that, and one whose handler takes longer \
             than max.poll.interval.ms"
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
    let finding = match group.epoch.zip(before.epoch) {
        Some((now, then)) => finding.evidence("epoch", format!("{then}, then {now}")),
        None => finding,
    };
    vec![
        finding
            .or("a deployment is under way, member by member: it is over in a moment")
            .step(
                "look at why the members end: their exit codes, and their last log lines about \
                 the group",
            )
            .step(
                "if a record kills them, it lies at the committed offset of one of the partitions; \
                 if they are too slow, lower max.poll.records or raise max.poll.interval.ms",
            )
            .step("give members that are restarted often a group.instance.id"),
    ]
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
