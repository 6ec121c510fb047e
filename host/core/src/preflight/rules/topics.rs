//! Topics that aren't there.

use crate::codes::Code;
use crate::diagnosis::snapshot::Answer;
use crate::diagnosis::words::{count, list, near};
use crate::preflight::finding::Finding;
use crate::preflight::scene::{Scene, TopicUse};

use super::Found;

pub(super) fn rule(scene: &Scene<'_>, found: &mut Found) {
    let mut there = Vec::new();
    for (name, uses) in &scene.uses {
        match scene.topic(name).map(|of| &of.partitions) {
            Some(Answer::Missing(_)) => found.add(missing(scene, name, uses)),
            Some(Answer::Known(partitions)) => {
                let partitions = count(partitions.len() as i64, "partition", "partitions");
                there.push(format!("{name} ({partitions}, {})", said(uses)));
            }
            _ => {}
        }
    }
    if !there.is_empty() {
        found.fine(format!("topics are there: {}", there.join(", ")));
    }
}

fn said(uses: &[TopicUse<'_>]) -> String {
    let mut words: Vec<&str> = uses.iter().map(word).collect();
    words.dedup();
    list(&words, "and")
}

fn word(of: &TopicUse<'_>) -> &'static str {
    match of {
        TopicUse::Input => "input",
        TopicUse::Output { .. } => "output",
        TopicUse::DeadLetter { .. } => "dead letters",
    }
}

fn missing(scene: &Scene<'_>, name: &str, uses: &[TopicUse<'_>]) -> Finding {
    let names = scene.seen.topic_names.known();
    let names = names.into_iter().flatten().map(String::as_str);
    // One that is used for something else was hardly meant.
    let near = near(name, names.filter(|it| !scene.uses.contains_key(it)));
    let why = match near.as_slice() {
        [] => "the brokers do not know it, and none that may be seen sounds like it".to_owned(),
        some => format!(
            "the brokers do not know it; they have {}",
            list(some, "and")
        ),
    };
    let costs: Vec<String> = uses.iter().map(cost).collect();
    let what = format!("the topic {name} ({}) does not exist", said(uses));
    let finding = Finding::problem(Code::PreflightTopicMissing, name, what)
        .why(why)
        .cost(costs.join("; "));
    let create = "`penstock check --broker --create` with the same files shows what it would create, \
                  and asks";
    match near.first() {
        Some(near) => finding
            .step(format!(
                "if {near} is meant, correct the name: {}",
                key(uses)
            ))
            .step(format!("else create it: {create}")),
        None => finding.step(format!("create it: {create}")),
    }
}

fn cost(of: &TopicUse<'_>) -> String {
    match of {
        TopicUse::Input => "nothing is consumed from it until it is there".to_owned(),
        TopicUse::Output {
            handler, inputs, ..
        } => format!(
            "partitions of {} wait at the first output of {handler} (PSK-O002)",
            list(inputs, "and")
        ),
        TopicUse::DeadLetter { input } => {
            format!("a partition of {input} halts at its first failure (PSK-O003)")
        }
    }
}

/// Where the name stands in the configuration.
fn key(uses: &[TopicUse<'_>]) -> String {
    let key = |of: &TopicUse<'_>| match of {
        TopicUse::Input => "the heading [topics.NAME]".to_owned(),
        TopicUse::Output { handler, .. } => format!("handlers.{handler}.outputs"),
        TopicUse::DeadLetter { input } => format!("topics.{input}.dead-letter"),
    };
    let keys: Vec<String> = uses.iter().map(key).collect();
    list(&keys, "and")
}
