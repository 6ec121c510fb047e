//! Partitions without a leader, and topics with too few replicas to be written safely, or at all.

use crate::codes::Code;
use crate::diagnosis::words::{count, list};
use crate::preflight::finding::Finding;
use crate::preflight::scene::{Scene, TopicUse};
use crate::preflight::snapshot::Replicas;

use super::Found;

const MIN_IN_SYNC: &str = "min.insync.replicas";

pub(super) fn rule(scene: &Scene<'_>, found: &mut Found) {
    let before = found.findings.len();
    let mut is_known = true;
    for (name, uses) in &scene.uses {
        let Some(partitions) = scene.replicas(name) else {
            is_known = false;
            continue;
        };
        leaders(scene, name, partitions, found);
        if uses.iter().any(|of| *of != TopicUse::Input) {
            is_known &= scene.setting(name, MIN_IN_SYNC).is_some();
            writable(scene, name, partitions, found);
        }
    }
    if is_known && found.findings.len() == before {
        found.fine("every partition has a leader and enough replicas in sync to be written");
    }
}

fn leaders(scene: &Scene<'_>, name: &str, partitions: &[Replicas], found: &mut Found) {
    let without: Vec<i32> = numbers(partitions, |of| !of.has_leader);
    if without.is_empty() {
        return;
    }
    let what = format!(
        "partitions of {name} have no leader: {}",
        list(&without, "and")
    );
    found.add(
        Finding::problem(Code::PreflightReplicas, name, what)
            .why("all brokers that hold them in sync are away")
            .cost("they are neither read nor written until one of those is back")
            .step("start the brokers that hold them")
            .command(
                "see which those are",
                format!(
                    "{} --describe --topic {name}",
                    scene.tool("kafka-topics.sh")
                ),
            ),
    );
}

fn writable(scene: &Scene<'_>, name: &str, partitions: &[Replicas], found: &mut Found) {
    let min = scene
        .number(name, MIN_IN_SYNC)
        .and_then(|min| usize::try_from(min).ok());
    let Some(min) = min else { return };
    let brokers = scene.seen.look.brokers.len();
    let never = numbers(partitions, |of| of.all < min);
    let now = numbers(partitions, |of| of.all >= min && of.in_sync < min);
    let all = partitions.iter().map(|of| of.all).min().unwrap_or(0);
    if !never.is_empty() {
        let what = format!("{name} can't be written: it has fewer replicas than must be in sync");
        let why = format!(
            "{} of {min}, by its setting {MIN_IN_SYNC}",
            count(all as i64, "replica", "replicas")
        );
        found.add(
            Finding::problem(Code::PreflightReplicas, name, what)
                .why(why)
                .cost("every record is refused (NOT_ENOUGH_REPLICAS): what writes to it waits")
                .step(format!(
                    "give its partitions more replicas, or lower {MIN_IN_SYNC}"
                )),
        );
    } else if !now.is_empty() {
        let what = format!(
            "{name} can't be written now: too few replicas are in sync in {}",
            list(&now, "and")
        );
        let fewest = partitions.iter().map(|of| of.in_sync).min().unwrap_or(0);
        let why = format!(
            "{fewest} in sync, and {MIN_IN_SYNC} is {min}; {} up",
            are(brokers)
        );
        found.add(
            Finding::problem(Code::PreflightReplicas, name, what)
                .why(why)
                .cost("records are refused (NOT_ENOUGH_REPLICAS), and what writes them waits")
                .step("start the brokers that are away, and wait until they have caught up"),
        );
    } else if brokers > 1 && all == min {
        let what = format!("{name} can't be written any more when one broker is away");
        let copies = count(all as i64, "replica", "replicas");
        let finding = Finding::warning(Code::PreflightReplicas, name, what)
            .why(format!(
                "it has {copies}, and all of them must be in sync ({MIN_IN_SYNC} is {min})"
            ))
            .cost("while a broker restarts, what writes to it waits; nothing is lost by that");
        found.add(match min {
            1 => finding.step("give its partitions more replicas"),
            _ => finding.step(format!(
                "lower {MIN_IN_SYNC}, or give its partitions more replicas"
            )),
        });
    }
}

fn numbers(partitions: &[Replicas], is: impl Fn(&Replicas) -> bool) -> Vec<i32> {
    let chosen = partitions.iter().filter(|of| is(of));
    chosen.map(|of| of.partition).collect()
}

fn are(brokers: usize) -> String {
    count(brokers as i64, "broker is", "brokers are")
}
