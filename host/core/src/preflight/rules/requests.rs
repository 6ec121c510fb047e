//! What the brokers can do, and what the host can read.

use std::collections::BTreeSet;

use crate::codes::Code;
use crate::config::GroupProtocol;
use crate::diagnosis::snapshot::Answer;
use crate::diagnosis::words::list;
use crate::preflight::finding::Finding;
use crate::preflight::scene::Scene;

use super::Found;

/// What the host sends, by Kafka's number and name, and the oldest version that it can use.
const NEEDED: [(i16, &str, i16); 9] = [
    (0, "Produce", 3),
    (1, "Fetch", 4),
    (2, "ListOffsets", 2),
    (3, "Metadata", 4),
    (8, "OffsetCommit", 2),
    // It asks for stable offsets only.
    (9, "OffsetFetch", 7),
    (10, "FindCoordinator", 0),
    (11, "JoinGroup", 0),
    (22, "InitProducerId", 0),
];
const CONSUMER_GROUP_HEARTBEAT: i16 = 68;
/// What the host's client unpacks, as batches say it.
const CODECS: [&str; 5] = ["not compressed", "gzip", "snappy", "lz4", "zstd"];

pub(super) fn rule(scene: &Scene<'_>, found: &mut Found) {
    let before = found.findings.len();
    protocol(scene, found);
    codecs(scene, found);
    if found.findings.len() == before && scene.seen.requests.known().is_some() {
        let protocol = match scene.config.kafka.protocol {
            GroupProtocol::Classic => "classic",
            GroupProtocol::Consumer => "consumer",
        };
        found.fine(format!(
            "the brokers speak what the host needs, the group protocol \"{protocol}\" included"
        ));
    }
}

fn protocol(scene: &Scene<'_>, found: &mut Found) {
    let Some(known) = scene.seen.requests.known() else {
        return;
    };
    let is_lacking = |(key, _, oldest): &&(i16, &str, i16)| {
        known.get(key).is_none_or(|(_, newest)| newest < oldest)
    };
    let lacking: Vec<&str> = NEEDED.iter().filter(is_lacking).map(|of| of.1).collect();
    if !lacking.is_empty() {
        found.add(
            Finding::problem(
                Code::PreflightUnsupported,
                "brokers",
                format!(
                    "the brokers are too old: they lack {}",
                    list(&lacking, "and")
                ),
            )
            .why("each is asked for in a version that they do not speak")
            .cost("the host can't read, write or commit")
            .step("upgrade the brokers; 2.5 is the oldest that has them all"),
        );
    }
    if scene.config.kafka.protocol == GroupProtocol::Classic {
        return;
    }
    let is_known = known.contains_key(&CONSUMER_GROUP_HEARTBEAT);
    let is_off = scene.seen.consumer_protocol == Answer::Known(false);
    if !is_known || is_off {
        let why = match is_known {
            false => "they do not know ConsumerGroupHeartbeat, which came with Kafka 4.0",
            true => {
                "they know it, but it is switched off: group.coordinator.rebalance.protocols or \
                 the feature group.version"
            }
        };
        let group = &scene.config.kafka.group;
        let what = "the brokers do not offer kafka.protocol = \"consumer\" (KIP-848)";
        found.add(
            Finding::problem(Code::PreflightUnsupported, group, what)
                .why(why)
                .cost("the host can't join its group: nothing is consumed")
                .step("set kafka.protocol = \"classic\", or upgrade or set the brokers"),
        );
    }
}

fn codecs(scene: &Scene<'_>, found: &mut Found) {
    for topic in scene.config.topics.keys() {
        let codecs = scene
            .next_batches(topic)
            .map(|(_, batch)| batch.codec.as_str());
        let unknown: BTreeSet<&str> = codecs.filter(|it| !CODECS.contains(it)).collect();
        if unknown.is_empty() {
            continue;
        }
        let unknown: Vec<&str> = unknown.into_iter().collect();
        let what = format!(
            "records of {topic} are compressed with {}",
            list(&unknown, "and")
        );
        found.add(
            Finding::problem(Code::PreflightUnsupported, topic, what)
                .why(format!("the host unpacks {}", list(&CODECS[1..], "and")))
                .cost("their partitions stand still at the first such record (PSK-K008)")
                .step("let the producers use another codec"),
        );
    }
}
