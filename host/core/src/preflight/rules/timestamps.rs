//! Outputs that carry their input's timestamp, and what their topics make of it.

use crate::codes::Code;
use crate::config::OutputTimestamp;
use crate::diagnosis::words::{span, time};
use crate::preflight::finding::Finding;
use crate::preflight::scene::{Scene, TopicUse};

use super::Found;

const TYPE: &str = "message.timestamp.type";
const BEFORE: &str = "message.timestamp.before.max.ms";
const AFTER: &str = "message.timestamp.after.max.ms";

pub(super) fn rule(scene: &Scene<'_>, found: &mut Found) {
    for (name, uses) in &scene.uses {
        for of in uses {
            if let TopicUse::Output {
                handler,
                of,
                inputs,
            } = of
                && of.timestamp == OutputTimestamp::Input
            {
                found.findings.extend(output(scene, name, handler, inputs));
            }
        }
    }
}

fn output(scene: &Scene<'_>, name: &str, handler: &str, inputs: &[&str]) -> Vec<Finding> {
    let key = format!("handlers.{handler}.timestamp");
    if scene.setting(name, TYPE) == Some("LogAppendTime") {
        let what = format!("{name} gives every record the time of its arrival");
        return vec![
            Finding::note(Code::PreflightTimestamps, name, what)
                .why(format!("{TYPE} is LogAppendTime, and {key} is \"input\""))
                .cost("the input's timestamp is lost in the outputs")
                .step(format!(
                    "nothing, if nobody needs it (then {key} = \"now\" says so); else set {TYPE} to \
                     CreateTime"
                )),
        ];
    }
    let mut findings = Vec::new();
    let now = scene.seen.look.at_ms;
    if let Some(oldest) = scene.oldest_ms(inputs) {
        let age = now - oldest;
        let before = scene.number(name, BEFORE);
        if let Some(max) = before.filter(|max| age > *max) {
            findings.push(refused(scene, name, &key, inputs).why(format!(
                "the oldest record that waits is of {}, {} ago; {BEFORE} of the topic is {}",
                time(oldest),
                span(age),
                span(max)
            )));
        } else if let Some(kept) = scene.kept_ms(name).filter(|kept| age > *kept) {
            let what = format!("{name} deletes the outputs of old records soon after they arrive");
            findings.push(
                Finding::warning(Code::PreflightTimestamps, name, what)
                    .why(format!(
                        "{key} is \"input\", the oldest record that waits is of {}, and \
                         retention.ms of the topic is {}",
                        time(oldest),
                        span(kept)
                    ))
                    .cost("who reads the topic may never see them")
                    .step(format!(
                        "set {key} = \"now\", or raise retention.ms of the topic"
                    )),
            );
        }
    }
    let latest = inputs
        .iter()
        .filter_map(|it| scene.seen.latest_ms.get(*it))
        .max();
    if let Some(latest) = latest {
        let ahead = latest - now;
        let after = scene.number(name, AFTER).filter(|max| ahead > *max);
        if let Some(max) = after {
            findings.push(refused(scene, name, &key, inputs).why(format!(
                "a record that waits or came before is of {}, {} from now; {AFTER} of the topic is {}",
                time(*latest),
                span(ahead),
                span(max)
            )));
        }
    }
    findings
}

fn refused(scene: &Scene<'_>, name: &str, key: &str, inputs: &[&str]) -> Finding {
    let halts = inputs
        .iter()
        .any(|it| scene.config.topics[*it].dead_letter.is_none());
    let what = format!("{name} refuses outputs with the timestamp of some inputs");
    let cost = if halts {
        "such an output is refused (PSK-H010), and halts its partition"
    } else {
        "such an output is refused, and its input becomes a dead letter (PSK-H010)"
    };
    Finding::warning(Code::PreflightTimestamps, name, what)
        .cost(cost)
        .step(format!("set {key} = \"now\", or raise the topic's limit"))
}
