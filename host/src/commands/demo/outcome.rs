//! What became of each record, found in the topics themselves.

use penstock_core::dead_letter::header;
use penstock_kafka::ToolError;
use penstock_kafka::inspect::Peeked;

use super::cluster::Cluster;
use super::story::{Becomes, Event};

/// A record of an input topic and what it led to.
pub struct Outcome {
    /// `topic[partition]@offset`.
    pub record: String,
    /// Its event's id, or its value.
    pub event: String,
    /// The verdict, with the reason of a dead letter.
    pub verdict: String,
    /// `topic[partition]@offset` of the output or the dead letter, and what it is.
    pub output: String,
    /// Whether that is what had to come of it.
    pub as_expected: bool,
}

/// Looks every event, and every access granted meanwhile, up in the topics.
///
/// # Errors
/// When a topic can't be read.
pub fn look(cluster: &Cluster, events: &[Event]) -> Result<Vec<Outcome>, ToolError> {
    let mut outcomes = Vec::new();
    let mut topics: Vec<&str> = events.iter().map(|event| event.topic).collect();
    topics.push("course-access-granted");
    topics.sort_unstable();
    topics.dedup();
    let access = cluster.read("course-access-granted")?;
    let progress = cluster.read("course-progress")?;
    for topic in topics {
        let letters = cluster.read(&format!("{topic}.dlq"))?;
        for record in cluster.read(topic)? {
            let expected = events
                .iter()
                .find(|event| event.topic == topic && text(&record) == event.value)
                .map_or(Becomes::Output("course-progress", "/progress"), |event| {
                    event.becomes
                });
            let (to, suffix) = match expected {
                Becomes::Output(to, suffix) => (to, suffix),
                Becomes::DeadLetter(_) => ("", ""),
            };
            let outputs = if to == "course-access-granted" {
                &access
            } else {
                &progress
            };
            let id = event_id(&record);
            let wanted = format!("{id}{suffix}");
            let found: Vec<&Peeked> = outputs
                .iter()
                .filter(|output| !suffix.is_empty() && event_id(output) == wanted)
                .collect();
            let letter: Vec<&Peeked> = letters
                .iter()
                .filter(|letter| comes_from(letter, &record))
                .collect();
            outcomes.push(outcome(topic, &record, id, expected, &found, &letter));
        }
    }
    Ok(outcomes)
}

fn outcome(
    topic: &str,
    record: &Peeked,
    event: String,
    expected: Becomes,
    outputs: &[&Peeked],
    letters: &[&Peeked],
) -> Outcome {
    let (verdict, output, as_expected) = match (expected, outputs, letters) {
        (_, [], [letter]) => {
            let code = header_of(letter, header::CODE);
            let why = header_of(letter, header::TEXT);
            let calls = header_of(letter, header::ATTEMPTS);
            (
                format!("dead-lettered {code}, calls: {calls}\n{why}"),
                format!("{topic}.dlq{}", place(letter)),
                matches!(expected, Becomes::DeadLetter(wanted) if wanted == code)
                    && letter.value == record.value,
            )
        }
        (Becomes::Output(to, _), [output], []) => (
            "emitted".to_owned(),
            format!("{to}{} {}", place(output), event_id(output)),
            true,
        ),
        _ => (
            format!("{} outputs, {} dead letters", outputs.len(), letters.len()),
            String::new(),
            false,
        ),
    };
    Outcome {
        record: format!("{topic}{}", place(record)),
        event,
        verdict,
        output,
        as_expected,
    }
}

fn place(record: &Peeked) -> String {
    format!("[{}]@{}", record.partition, record.offset)
}

fn text(record: &Peeked) -> String {
    String::from_utf8_lossy(record.value.as_deref().unwrap_or_default()).into_owned()
}

/// The event's id, or the value where it has none.
fn event_id(record: &Peeked) -> String {
    let text = text(record);
    let json: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    json.and_then(|json| json["eventId"].as_str().map(str::to_owned))
        .unwrap_or(text)
}

fn header_of(record: &Peeked, name: &str) -> String {
    let found = record
        .headers
        .iter()
        .find(|header| header.name == name.as_bytes());
    let value = found.and_then(|header| header.value.as_deref());
    String::from_utf8_lossy(value.unwrap_or_default()).into_owned()
}

fn comes_from(letter: &Peeked, record: &Peeked) -> bool {
    header_of(letter, header::PARTITION) == record.partition.to_string()
        && header_of(letter, header::OFFSET) == record.offset.to_string()
}
