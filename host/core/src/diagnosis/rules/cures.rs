//! Commands that more than one cure has.

use crate::diagnosis::finding::Finding;
use crate::diagnosis::scene::{Place, Scene};
use crate::diagnosis::snapshot::{Answer, Batch};
use crate::diagnosis::words::{count, list, member, quoted, time};

/// Lines of evidence before the rest is only counted.
const LINES_MAX: usize = 8;

/// What is said of each of these partitions, which are all of one topic.
pub(super) fn seen(mut finding: Finding, places: &[&Place<'_>]) -> Finding {
    finding.topic = places.first().map(|place| place.topic.to_owned());
    finding.partitions = places.iter().map(|place| place.partition).collect();
    let shown = places.iter().take(LINES_MAX).map(|place| place.evidence());
    let finding = finding.all_evidence(shown);
    match places.len().checked_sub(LINES_MAX) {
        Some(more @ 1..) => finding.evidence("and", format!("{more} more partitions")),
        _ => finding,
    }
}

/// What the first of these partitions has to read next, where that was looked at.
fn first_batch<'p, 's>(places: &[&'p Place<'s>]) -> Option<(&'p Place<'s>, &'s Batch)> {
    places
        .iter()
        .find_map(|place| Some((*place, place.next_batch()?)))
}

/// The same, as evidence; or that it may not be looked at.
pub(super) fn next_batch(finding: Finding, places: &[&Place<'_>]) -> Finding {
    let hidden = places.iter().find(|place| {
        place
            .ahead
            .is_some_and(|of| matches!(of.batch, Answer::Unauthorised(_)))
    });
    let finding = match hidden {
        Some(place) => finding.or(format!(
            "nothing waits but markers of transactions, or what was compacted away: this user may \
             not look ({} needs Read on topic {})",
            place.name(),
            place.topic
        )),
        None => finding,
    };
    let Some((place, batch)) = first_batch(places) else {
        return finding;
    };
    let what = format!(
        "{}, {} at {} to {}, {} bytes, {}, of {}",
        place.name(),
        count(batch.records.into(), "record", "records"),
        batch.first,
        batch.last,
        batch.bytes,
        batch.codec,
        time(batch.time_ms)
    );
    finding.evidence("next batch", what)
}

/// What clients take at once, unless they are told to take more.
const USUAL_BYTES_MAX: i64 = 1_000_000;

/// That a client may be unable to read the next batch; not said of one that any client can read.
pub(super) fn unread(finding: Finding, places: &[&Place<'_>]) -> Finding {
    const SILENT: &str = "its log names the offset, or nothing does: KafkaJS leaves the group \
                          without a word";
    let Some((place, batch)) = first_batch(places) else {
        return finding.or(format!(
            "it can't read the next batch: it lacks its compression, or the batch is larger than it \
             takes; {SILENT}"
        ));
    };
    let next = format!("the next batch, {} at {}", place.name(), batch.first);
    let finding = if batch.codec == "not compressed" {
        finding
    } else {
        let codec = &batch.codec;
        finding.or(format!("it can't read {next}: it lacks {codec}; {SILENT}"))
    };
    if batch.bytes <= USUAL_BYTES_MAX {
        return finding;
    }
    finding.or(format!(
        "it can't take {next}: its {} bytes are more than receive.message.max.bytes (librdkafka) \
         allows, or what another client has for it. Brokers send a batch whole, however large, and \
         the client asks for it again and again; raise it above that",
        batch.bytes
    ))
}

/// The numbers of partitions, as `0, 2 and 5`.
pub(super) fn numbers(places: &[&Place<'_>]) -> String {
    let numbers: Vec<i32> = places.iter().map(|place| place.partition).collect();
    match numbers.len() {
        1 => format!("partition {}", numbers[0]),
        2..=10 => format!("partitions {}", list(&numbers, "and")),
        many => format!("{many} partitions"),
    }
}

/// Stop all, move the offsets, start again: of a group of any client.
pub(super) fn reset(
    finding: Finding,
    scene: &Scene<'_>,
    places: &[&Place<'_>],
    to: &str,
) -> Finding {
    let members = scene.members();
    let finding = match members {
        [] => finding,
        some => {
            let named: Vec<String> = some.iter().take(4).map(member).collect();
            let rest = match some.len().saturating_sub(named.len()) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            finding.step(format!(
                "or stop every member, since Kafka moves the offsets only of a group without: \
                 {}{rest}; one that was killed is a member for as long as its session (45 s by \
                 default, 30 s in KafkaJS)",
                list(&named, "and")
            ))
        }
    };
    let topic = places.first().map_or("", |place| place.topic);
    let all = scene
        .places
        .iter()
        .filter(|place| place.topic == topic)
        .count();
    let which: String = if places.len() == all {
        String::new()
    } else {
        let numbers = places.iter().map(|place| place.partition);
        numbers.map(|of| format!(" --partition {of}")).collect()
    };
    let then = if members.is_empty() {
        "move the offsets"
    } else {
        "then move the offsets"
    };
    finding.command(
        format!(
            "{then} (it shows what that would do, and asks first), and start the members again"
        ),
        format!(
            "penstock offsets reset {} --group {} --topic {}{which} --to {to}",
            scene.entrance(),
            quoted(&scene.snapshot.group),
            quoted(topic)
        ),
    )
}

/// Kafka's own tool for this group.
pub(super) fn tool(scene: &Scene<'_>) -> String {
    format!(
        "{} --group {}",
        scene.tool("kafka-consumer-groups.sh"),
        quoted(&scene.snapshot.group)
    )
}
