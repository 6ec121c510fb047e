//! Records that are deleted before a host comes to them.

use crate::codes::Code;
use crate::diagnosis::words::{count, span, time};
use crate::preflight::finding::Finding;
use crate::preflight::scene::Scene;

use super::Found;

/// So much of what is kept may have passed or be filled before it is said, in percent.
const FULL: i128 = 80;

pub(super) fn rule(scene: &Scene<'_>, found: &mut Found) {
    let before = found.findings.len();
    for topic in scene.config.topics.keys() {
        found.findings.extend(by_time(scene, topic));
        found.findings.extend(by_size(scene, topic));
    }
    if found.findings.len() == before && is_known(scene) {
        found.fine("what waits is not about to be deleted by retention");
    }
}

/// Whether something waits, and all that decides is known of it.
fn is_known(scene: &Scene<'_>) -> bool {
    let waiting: Vec<_> = scene.positions.iter().filter(|of| of.ahead() > 0).collect();
    let decided = |topic: &str| {
        scene.setting(topic, "retention.ms").is_some() && scene.next_batches(topic).count() > 0
    };
    !waiting.is_empty() && waiting.iter().all(|of| decided(&of.topic))
}

fn by_time(scene: &Scene<'_>, topic: &str) -> Option<Finding> {
    let kept = scene.kept_ms(topic)?;
    let oldest = scene.oldest_ms(&[topic])?;
    let age = scene.seen.look.at_ms - oldest;
    if i128::from(age) * 100 < i128::from(kept) * FULL {
        return None;
    }
    let what = if age >= kept {
        format!("records of {topic} that wait are older than the topic keeps them")
    } else {
        format!(
            "records of {topic} that wait are deleted in {}",
            span(kept - age)
        )
    };
    let waiting: i64 = scene.next_batches(topic).map(|(of, _)| of.ahead()).sum();
    Some(
        Finding::warning(Code::PreflightRetention, topic, what)
            .why(format!(
                "the oldest is of {}, {} ago; retention.ms is {}",
                time(oldest),
                span(age),
                span(kept)
            ))
            .cost(format!(
                "up to {} may be gone before the host comes to them; a log is cut by whole \
                 segments, so not all at once",
                count(waiting, "record", "records")
            ))
            .command(
                "keep them until they are processed, then set it back",
                format!(
                    "{} --alter --entity-type topics --entity-name {topic} --add-config \
                     retention.ms={}",
                    scene.tool("kafka-configs.sh"),
                    kept.saturating_mul(2).max(age.saturating_mul(2))
                ),
            )
            .step("and start the host soon"),
    )
}

/// Retention by size is of each partition.
fn by_size(scene: &Scene<'_>, topic: &str) -> Option<Finding> {
    let deletes = scene.setting(topic, "cleanup.policy")?.contains("delete");
    let kept = scene.number(topic, "retention.bytes")?;
    if !deletes || kept < 0 {
        return None;
    }
    let waiting = scene.next_batches(topic).filter_map(|(of, batch)| {
        let records = i128::from(batch.records.max(1));
        let bytes = i128::from(of.ahead()) * i128::from(batch.bytes) / records;
        (bytes * 100 >= i128::from(kept) * FULL).then_some((of.partition, bytes))
    });
    let (partition, bytes) = waiting.max_by_key(|(_, bytes)| *bytes)?;
    let what = format!("what waits in {topic} nearly fills the topic");
    Some(
        Finding::warning(Code::PreflightRetention, topic, what)
            .why(format!(
                "about {bytes} bytes wait in [{partition}], by the size of the first records; \
                 retention.bytes is {kept}"
            ))
            .cost("what is produced from now on pushes the oldest out unread")
            .step("raise retention.bytes until they are processed, and start the host soon"),
    )
}
