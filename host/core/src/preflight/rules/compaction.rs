//! Compacted topics: they take no record without a key, and keep the last one of each.

use crate::codes::Code;
use crate::preflight::finding::Finding;
use crate::preflight::scene::{Scene, TopicUse};

use super::Found;

pub(super) fn rule(scene: &Scene<'_>, found: &mut Found) {
    for (name, uses) in &scene.uses {
        if !scene.is_compacted(name) {
            continue;
        }
        for of in uses {
            match of {
                TopicUse::Input => {}
                TopicUse::DeadLetter { input } => found.add(dead_letter(scene, name, input)),
                TopicUse::Output {
                    handler, inputs, ..
                } => {
                    found.add(output(scene, name, handler, inputs));
                }
            }
        }
    }
}

fn output(scene: &Scene<'_>, name: &str, handler: &str, inputs: &[&str]) -> Finding {
    let halts = inputs
        .iter()
        .any(|it| scene.config.topics[*it].dead_letter.is_none());
    let what = format!("{name} is compacted: it takes no record without a key");
    let finding = if halts {
        Finding::warning(Code::PreflightCompacted, name, what)
            .cost("an output without a key is refused (PSK-H010), and halts its partition")
    } else {
        Finding::note(Code::PreflightCompacted, name, what)
            .cost("an output without a key is refused; its input becomes a dead letter (PSK-H010)")
    };
    finding
        .why(format!(
            "cleanup.policy; whether {handler} gives every output a key is not known before it runs"
        ))
        .step(format!(
            "make sure that {handler} sets a key: its tests can tell"
        ))
}

fn dead_letter(scene: &Scene<'_>, name: &str, input: &str) -> Finding {
    let what = format!("the dead-letter topic {name} is compacted");
    let cost = if scene.is_compacted(input) {
        format!("of the dead letters with one key, only the last is kept ({input} has keys only)")
    } else {
        format!(
            "a record of {input} that has no key can't become a dead letter: its partition halts \
             (PSK-O003). Of those with one key, only the last is kept"
        )
    };
    Finding::warning(Code::PreflightCompacted, name, what)
        .why("cleanup.policy; a dead letter has the key of its record")
        .cost(cost)
        .command(
            "delete old dead letters by time instead",
            format!(
                "{} --alter --entity-type topics --entity-name {name} --add-config \
                 cleanup.policy=delete",
                scene.tool("kafka-configs.sh")
            ),
        )
}
