//! What could not be looked at, so that nobody takes it for fine.

use crate::codes::Code;
use crate::diagnosis::snapshot::{Answer, Committed};
use crate::diagnosis::words::list;
use crate::preflight::finding::Finding;
use crate::preflight::scene::Scene;

use super::Found;

pub(super) fn rule(scene: &Scene<'_>, found: &mut Found) {
    settings(scene, found);
    let look = &scene.seen.look;
    for (name, topic) in &scene.seen.topics {
        if let Answer::Failed(why) = &topic.partitions {
            found.add(note(
                name,
                format!("the topic {name} could not be looked at"),
                why,
            ));
        }
    }
    for topic in &look.topics {
        for of in topic.partitions.known().into_iter().flatten() {
            if let Answer::Failed(why) | Answer::Unauthorised(why) = &of.log {
                let what = format!(
                    "the log of {}[{}] could not be looked at",
                    topic.name, of.number
                );
                found.add(note(&topic.name, what, why));
            }
        }
    }
    if let Answer::Failed(why) | Answer::Unauthorised(why) = &look.committed {
        let group = &scene.config.kafka.group;
        let what = format!("the committed offsets of {group} could not be read");
        found.add(
            note(group, what, why).cost("where the host will begin, and what waits, is not known"),
        );
    }
    for of in look.committed.known().into_iter().flatten() {
        let why = match &of.offset {
            Committed::Unstable => "a transaction that is not over yet commits it",
            Committed::Refused(why) => why,
            Committed::At(_) | Committed::Nothing => continue,
        };
        if scene.config.topics.contains_key(&of.topic) {
            let what = format!("where {}[{}] begins is not known", of.topic, of.partition);
            found.add(note(&of.topic, what, why));
        }
    }
}

fn note(subject: &str, what: String, why: &str) -> Finding {
    Finding::note(Code::PreflightUnchecked, subject, what)
        .why(why)
        .cost("what is wrong with it, if anything, is not seen here")
        .step("`penstock doctor` looks longer, and names what keeps it from answering")
}

/// One for all topics: it takes a permission that a host does not need.
fn settings(scene: &Scene<'_>, found: &mut Found) {
    let refused = scene.seen.topics.iter().filter_map(|(name, topic)| {
        let why = match &topic.settings {
            Answer::Failed(why) | Answer::Unauthorised(why) => why,
            _ => return None,
        };
        topic.partitions.known().map(|_| (name.as_str(), why))
    });
    let refused: Vec<_> = refused.collect();
    let Some((_, why)) = refused.first() else {
        return;
    };
    let names: Vec<&str> = refused.iter().map(|(name, _)| *name).collect();
    let what = format!("the settings of {} could not be read", list(&names, "and"));
    found.add(
        note("settings", what, why)
            .cost(
                "sizes, retention, compaction, replicas and timestamps were not checked there; the \
                 host itself does not need them",
            )
            .step("run this check as somebody who may DescribeConfigs on the topics"),
    );
}
