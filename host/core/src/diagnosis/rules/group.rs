//! Groups that aren't there, and that nobody is in.

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::past::{all_gone, last_commit};
use crate::diagnosis::patience::FIRST_COMMIT_MS;
use crate::diagnosis::scene::{Place, Scene};
use crate::diagnosis::snapshot::{Answer, GroupKind};
use crate::diagnosis::words::{list, near, wait};

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
    finding = all_gone(finding, scene);
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
                format!("{} --list", scene.tool("kafka-consumer-groups.sh")),
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
    // Those that come and go are another thing.
    if !empty || moves || !scene.roll.passed_through().is_empty() {
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
    let came = if scene.roll.had_members() {
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
    let finding = last_commit(finding, scene, &waiting);
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
