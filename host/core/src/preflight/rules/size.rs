//! Records that are larger than the topics they go to take.

use crate::codes::Code;
use crate::preflight::finding::Finding;
use crate::preflight::scene::{Scene, TopicUse};

use super::Found;

const MAX: &str = "max.message.bytes";
/// What a dead letter carries in addition: a text of 4 KiB at most, and nine short headers.
const HEADERS_BYTES: i64 = 8 * 1024;

pub(super) fn rule(scene: &Scene<'_>, found: &mut Found) {
    for (name, uses) in &scene.uses {
        let Some(max) = scene.number(name, MAX) else {
            continue;
        };
        for of in uses {
            match of {
                TopicUse::Input => {}
                TopicUse::DeadLetter { input } => {
                    found.findings.extend(dead_letter(scene, name, max, input));
                }
                TopicUse::Output {
                    handler,
                    of,
                    inputs,
                } => {
                    let emitted = i64::try_from(of.limits.output_bytes).unwrap_or(i64::MAX);
                    if emitted > max {
                        found.add(output(scene, name, max, handler, emitted, inputs));
                    }
                }
            }
        }
    }
}

fn output(
    scene: &Scene<'_>,
    name: &str,
    max: i64,
    handler: &str,
    emitted: i64,
    inputs: &[&str],
) -> Finding {
    let halts = inputs
        .iter()
        .any(|it| scene.config.topics[*it].dead_letter.is_none());
    let what = format!("{handler} may emit more in a record than {name} takes");
    let finding = if halts {
        Finding::warning(Code::PreflightTooLarge, name, what)
            .cost("such an output is refused (PSK-H010), and its partition halts: no dead letters")
    } else {
        Finding::note(Code::PreflightTooLarge, name, what)
            .cost("such an output is refused, and its input becomes a dead letter (PSK-H010)")
    };
    finding
        .why(format!(
            "handlers.{handler}.limits.output-bytes is {}, and {MAX} of the topic {}",
            bytes(emitted),
            bytes(max)
        ))
        .step(format!(
            "if its outputs are small, as most are, lower output-bytes to \"{max}B\" or less"
        ))
        .step(format!("else raise {MAX} of the topic"))
}

fn dead_letter(scene: &Scene<'_>, name: &str, max: i64, input: &str) -> Option<Finding> {
    let received = scene.number(input, MAX)?;
    let why = format!(
        "{input} takes records of {}, and {name} of {}; a dead letter is its record and up to {} \
         of headers",
        bytes(received),
        bytes(max),
        bytes(HEADERS_BYTES)
    );
    let finding = if max < received {
        let what = format!("the largest records of {input} do not fit into {name}");
        Finding::warning(Code::PreflightTooLarge, name, what)
    } else if max < received + HEADERS_BYTES {
        // So it is wherever both topics have the brokers' default.
        let what = format!("the largest records of {input} may not fit into {name}");
        Finding::note(Code::PreflightTooLarge, name, what)
    } else {
        return None;
    };
    let wanted = received + HEADERS_BYTES;
    Some(
        finding
            .why(why)
            .cost(format!(
                "if such a record fails, its partition of {input} halts (PSK-O003)"
            ))
            .command(
                "let the dead-letter topic take more",
                format!(
                    "{} --alter --entity-type topics --entity-name {name} --add-config \
                     {MAX}={wanted}",
                    scene.tool("kafka-configs.sh")
                ),
            ),
    )
}

/// `1048588 bytes (1 MiB)`
fn bytes(number: i64) -> String {
    match number {
        ..1024 => format!("{number} bytes"),
        1024..1_048_576 => format!("{number} bytes ({} KiB)", number / 1024),
        _ => format!("{number} bytes ({} MiB)", number / 1_048_576),
    }
}
