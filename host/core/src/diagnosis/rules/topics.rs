//! Topics that aren't there, that are not the same any more, or that nobody in the group has.

use crate::codes::Code;
use crate::diagnosis::finding::{Finding, Stage};
use crate::diagnosis::scene::{Place, Scene};
use crate::diagnosis::snapshot::{Answer, Group, Topic};
use crate::diagnosis::words::{list, member, near, quoted, wait};

use super::cures::{numbers, seen, tool};
use super::inside::compiles_for;

/// A member subscribes to a topic that doesn't exist, or one that was named doesn't.
pub(super) fn missing(scene: &Scene<'_>) -> Vec<Finding> {
    let is_missing = |topic: &&Topic| matches!(topic.partitions, Answer::Missing(_));
    let topics = scene.last.topics.iter().filter(is_missing);
    let found = topics.filter_map(|topic| missing_one(scene, &topic.name));
    let outputs = scene.last.outputs.iter().filter(is_missing);
    found
        .chain(outputs.map(|topic| missing_output(scene, &topic.name)))
        .collect()
}

fn missing_output(scene: &Scene<'_>, topic: &str) -> Finding {
    let cause = format!(
        "the output topic {topic}, which was asked about, does not exist: nothing can be written \
         to it, unless the brokers create topics by themselves, and a client that does not look at \
         what becomes of its records goes on as if it could"
    );
    let finding = Finding::new(Code::DoctorTopicMissing, Stage::Outcome, topic, cause);
    let finding = similar(finding, scene, topic)
        .step("if the name is wrong, correct it where the client writes, and restart it");
    create(finding, scene, topic, "if the topic is to exist, create it")
}

fn similar(finding: Finding, scene: &Scene<'_>, topic: &str) -> Finding {
    let names = scene.snapshot.topic_names.known().into_iter().flatten();
    let near = near(topic, names.map(String::as_str));
    if near.is_empty() {
        finding
    } else {
        finding.evidence("similar topics", list(&near, "and"))
    }
}

fn create(finding: Finding, scene: &Scene<'_>, topic: &str, text: &str) -> Finding {
    finding.command(
        text,
        format!(
            "{} --create --topic {} --partitions 3",
            scene.tool("kafka-topics.sh"),
            quoted(topic)
        ),
    )
}

fn missing_one(scene: &Scene<'_>, topic: &str) -> Option<Finding> {
    let wants = scene
        .members()
        .iter()
        .filter(|of| of.subscription.iter().flatten().any(|name| name == topic));
    let wants: Vec<_> = wants.collect();
    let named = scene.snapshot.topics.iter().any(|name| name == topic);
    if wants.is_empty() && !named {
        return None;
    }
    let cause = match wants.len() {
        0 => format!("the topic {topic}, which was asked about, does not exist"),
        some => format!(
            "{} to the topic {topic}, which does not exist: nothing can come of it, and no client \
             reports that as an error",
            if some == 1 {
                "a member subscribes".to_owned()
            } else {
                format!("{some} members subscribe")
            }
        ),
    };
    let mut finding = Finding::new(Code::DoctorTopicMissing, Stage::Assignment, topic, cause);
    for of in wants.iter().take(4) {
        finding = finding.evidence("subscribed", member(of));
    }
    let finding = similar(finding, scene, topic)
        .step("if the name is wrong, correct it where the client subscribes, and restart it");
    Some(create(
        finding,
        scene,
        topic,
        "if the topic is to exist, create it; the members notice within metadata.max.age.ms (5 min)",
    ))
}

/// A topic has another id than when the group began with it.
pub(super) fn remade(scene: &Scene<'_>) -> Vec<Finding> {
    let topics = scene.last.topics.iter();
    topics
        .filter_map(|topic| remade_one(scene, topic))
        .collect()
}

fn remade_one(scene: &Scene<'_>, topic: &Topic) -> Option<Finding> {
    let id = topic.id.as_deref()?;
    let before = scene
        .first
        .topics
        .iter()
        .find(|of| of.name == topic.name)?
        .id
        .as_deref();
    let assigned = scene.members().iter().flat_map(|of| &of.assignment);
    let assigned = assigned
        .filter(|of| of.topic == topic.name)
        .filter_map(|of| of.topic_id.as_deref())
        .find(|assigned| *assigned != id);
    let old = before.filter(|before| *before != id).or(assigned)?;
    let cause = format!(
        "the topic {} was deleted and made again while the group was reading it: its records and \
         the group's commits went with the old one, and not every client notices",
        topic.name
    );
    let finding = Finding::new(
        Code::DoctorTopicRemade,
        Stage::Assignment,
        &topic.name,
        cause,
    )
    .evidence("id before", old)
    .evidence("id now", id);
    if scene.is_seen_inside() {
        return Some(
            finding
                .step(
                    "each host puts its partitions to their first records by itself, and says so; \
                     what of them it had handled before is done again",
                )
                .step(
                    "if PSK-D018 follows, restart the host: its client still asks with a leader \
                     epoch of the old topic, which the new one has not reached",
                ),
        );
    }
    Some(
        finding
            .step("restart the members, so that they ask for the topic anew")
            .step(
                "see to it that they begin at the first record (auto.offset.reset=earliest): the \
                 commits are gone with the old topic",
            ),
    )
}

/// A settled group in which nobody has a partition where records wait, or wants the topic at all.
pub(super) fn unowned(scene: &Scene<'_>) -> Vec<Finding> {
    if !scene.is_settled() || scene.members().is_empty() || !scene.is_of_consumers() {
        return Vec::new();
    }
    let topics = scene.by_topic().into_iter();
    topics
        .filter_map(|(topic, places)| unowned_one(scene, topic, &places))
        .collect()
}

fn unowned_one(scene: &Scene<'_>, topic: &str, places: &[&Place<'_>]) -> Option<Finding> {
    let visible = scene.members().iter().all(|of| of.subscription.is_some());
    let nobody_wants = visible && places.iter().all(|place| !place.subscribed);
    let lost: Vec<&Place<'_>> = places
        .iter()
        .copied()
        .filter(|place| place.owner.is_none() && (nobody_wants || place.is_readable()))
        .collect();
    if lost.is_empty() || compiles_for(scene, topic) {
        return None;
    }
    let behind = scene.group.and_then(Group::epochs_behind);
    let cause = if nobody_wants {
        format!("no member of the group subscribes to {topic}, so none of it is read")
    } else {
        let waiting: i64 = lost.iter().filter_map(|place| place.waiting()).sum();
        let why = match behind {
            None => {
                "its assignor leaves them out, or a partition was added that the members don't \
                     know yet (metadata.max.age.ms, 5 min)"
                    .to_owned()
            }
            Some((group, member)) => format!(
                "its coordinator has lost epochs, most likely in a crash: the group is at {group}, \
                 its members at {member}, and nothing is shared out until the group has passed that"
            ),
        };
        format!(
            "{} in {} of {topic}, which no member has, though the group has settled: {why}",
            wait(waiting),
            numbers(&lost)
        )
    };
    let mut finding = Finding::new(Code::DoctorUnowned, Stage::Assignment, topic, cause);
    for of in scene.members().iter().take(4) {
        let wants = of.subscription.clone().unwrap_or_default();
        finding = finding.evidence(format!("{} wants", of.client), list(&wants, "and"));
    }
    let finding = seen(finding, &lost);
    Some(if nobody_wants {
        finding.step("is it the right group, and is the topic in the client's subscription?")
    } else {
        finding
            .command(
                "see who has what",
                format!("{} --describe --members --verbose", tool(scene)),
            )
            .step(match behind {
                None => "restart one member: the partitions are then shared out anew".to_owned(),
                Some(_) => "restart members, one after the other, until something is shared out: \
                            each that goes or comes adds one to the group's epoch"
                    .to_owned(),
            })
    })
}
