//! Keys that are to wait by themselves, and records that have none.

use crate::codes::Code;
use crate::diagnosis::snapshot::Answer;
use crate::diagnosis::words::count;
use crate::partition::ParkLimits;
use crate::preflight::finding::Finding;
use crate::preflight::scene::Scene;
use crate::preflight::snapshot::Keys;

use super::Found;

pub(super) fn rule(scene: &Scene<'_>, found: &mut Found) {
    for (name, topic) in &scene.config.topics {
        if scene.config.order(topic).park == ParkLimits::NOTHING {
            continue;
        }
        match scene.seen.keys.get(name) {
            Some(Answer::Known(keys)) if keys.without > 0 => found.add(keyless(name, keys)),
            Some(Answer::Known(keys)) if keys.looked > 0 => found.fine(format!(
                "the latest records of {name} have keys that can wait by themselves"
            )),
            Some(Answer::Failed(why) | Answer::Unauthorised(why)) => found.add(
                Finding::note(
                    Code::PreflightUnchecked,
                    name,
                    format!("whether the records of {name} have keys could not be seen"),
                )
                .why(why.clone())
                .cost("a record without a key holds its partition while it is tried again")
                .step(format!("look at some: `penstock peek {name} --from -10`")),
            ),
            _ => {}
        }
    }
}

fn keyless(topic: &str, keys: &Keys) -> Finding {
    let what = format!("records of {topic} have no key, and keys are to wait by themselves");
    let example = keys
        .example
        .map(|(partition, offset)| format!(", as [{partition}] {offset}"));
    // A few may be another's; without any key, the configuration asks for what can't be.
    let found = if keys.without == keys.looked {
        Finding::problem(Code::PreflightKeyless, topic, what)
    } else {
        Finding::warning(Code::PreflightKeyless, topic, what)
    };
    found
        .why(format!(
            "{} of the latest {} have none{}; `mode` is \"key\"",
            keys.without,
            count(keys.looked, "record", "records"),
            example.unwrap_or_default()
        ))
        .cost(
            "such a record waits as with `mode = \"block\"`: while it is tried again, what comes after it \
             in its partition, or its lane, waits too",
        )
        .step("have its producers set a key, by which records may wait for each other")
        .step("or write `mode = \"block\"`, which says what happens, with fewer attempts")
}
