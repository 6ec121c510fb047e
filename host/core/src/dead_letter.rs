//! Dead letters: what one carries, how it is read again, by whoever it was written, and what
//! becomes of its headers when the record goes back to its topic.

mod filter;
mod foreign;
mod letter;
mod mark;
mod progress;
mod ranges;

use crate::record::{Header, OwnedHeader, Record, Timestamp, TopicPartition};
use crate::verdict::Failure;

pub use filter::{Filter, Lies};
pub use letter::{Convention, Letter, Origin};
pub use mark::redriven_for_another;
pub use progress::{METADATA_BYTES_MAX, Overflow, Progress, Unreadable};
pub use ranges::OffsetRanges;

/// Names of the headers that are appended. The values are UTF-8 text.
pub mod header {
    /// Penstock's stable code, as `PSK-H002`. The first of those of a dead letter.
    pub const CODE: &str = "penstock.code";
    /// The handler's own reason code, where it gave one.
    pub const REASON: &str = "penstock.reason";
    /// What happened, for people; at most [`super::TEXT_BYTES_MAX`].
    pub const TEXT: &str = "penstock.text";
    /// The configured name of the handler.
    pub const HANDLER: &str = "penstock.handler";
    /// Where the record lay when it failed first.
    pub const TOPIC: &str = "penstock.topic";
    /// Where the record lay when it failed first.
    pub const PARTITION: &str = "penstock.partition";
    /// Where the record lay when it failed first.
    pub const OFFSET: &str = "penstock.offset";
    /// The record's own timestamp, milliseconds since 1970; the dead letter's own is its sending.
    pub const TIMESTAMP: &str = "penstock.timestamp";
    /// `create-time`, `log-append-time` or `unknown`.
    pub const TIMESTAMP_TYPE: &str = "penstock.timestamp-type";
    /// How many times the handler was called, since it was redriven last.
    pub const ATTEMPTS: &str = "penstock.attempts";
    /// How often it was redriven before; left out of a dead letter that never was.
    pub const REDRIVES: &str = "penstock.redrives";

    /// On a redriven record: where it lay when it failed first. The first of those of its mark.
    pub const ORIGIN_TOPIC: &str = "penstock.origin-topic";
    /// On a redriven record: see [`PARTITION`].
    pub const ORIGIN_PARTITION: &str = "penstock.origin-partition";
    /// On a redriven record: see [`OFFSET`].
    pub const ORIGIN_OFFSET: &str = "penstock.origin-offset";
    /// On a redriven record: see [`TIMESTAMP`].
    pub const ORIGIN_TIMESTAMP: &str = "penstock.origin-timestamp";
    /// On a redriven record: see [`TIMESTAMP_TYPE`].
    pub const ORIGIN_TIMESTAMP_TYPE: &str = "penstock.origin-timestamp-type";
    /// On a redriven record: the only handler that is to have it.
    pub const ONLY_HANDLER: &str = "penstock.only-handler";
}

/// The consumer group, without members, whose commits say what of a dead-letter topic was redriven;
/// and the transactional id of whoever redrives it.
pub fn redriver(topic: &str) -> String {
    format!("penstock-dlq.{topic}")
}

/// The largest text that a header carries, in bytes.
pub const TEXT_BYTES_MAX: usize = 4096;

/// The headers of the dead letter of `record`: its own, untouched, then ours. A record that was
/// redriven keeps the origin it had, and loses the mark that brought it here.
pub fn headers(
    record: &Record<'_>,
    from: &TopicPartition,
    handler: &str,
    failure: &Failure,
    attempts: u32,
) -> Vec<OwnedHeader> {
    let own = record.headers.iter().map(OwnedHeader::from).collect();
    let (mut headers, mark) = mark::take(own, &from.topic);
    let redrives = mark.as_ref().map(|mark| mark.redrives);
    let origin = mark.map_or_else(|| here(record, from), |mark| mark.origin);
    let mut add = |name: &str, value: &str| headers.push(text(name, bounded(value)));
    add(header::CODE, failure.code().as_str());
    if let Some(reason) = failure.reason_code() {
        add(header::REASON, reason);
    }
    add(header::TEXT, &failure.text());
    add(header::HANDLER, handler);
    add(header::TOPIC, &origin.topic);
    let mut add_known = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            add(name, &value);
        }
    };
    add_known(header::PARTITION, origin.partition.map(|of| of.to_string()));
    add_known(header::OFFSET, origin.offset.map(|of| of.to_string()));
    add_known(
        header::TIMESTAMP,
        origin.timestamp_ms.map(|of| of.to_string()),
    );
    add_known(header::TIMESTAMP_TYPE, origin.timestamp_type);
    add(header::ATTEMPTS, &attempts.to_string());
    if let Some(redrives) = redrives {
        add(header::REDRIVES, &redrives.to_string());
    }
    headers
}

/// The origin of a record that fails for the first time.
fn here(record: &Record<'_>, from: &TopicPartition) -> Origin {
    let kind = match record.timestamp {
        Timestamp::Unknown => "unknown",
        Timestamp::CreateTime(_) => "create-time",
        Timestamp::LogAppendTime(_) => "log-append-time",
    };
    Origin {
        topic: from.topic.to_string(),
        partition: Some(from.partition),
        offset: Some(record.offset.0),
        timestamp_ms: record.timestamp.millis(),
        timestamp_type: Some(kind.to_owned()),
    }
}

/// `text` cut at a character's boundary.
fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

fn text(name: &str, value: &str) -> OwnedHeader {
    OwnedHeader {
        name: name.as_bytes().to_vec(),
        value: Some(value.as_bytes().to_vec()),
    }
}

impl From<Header<'_>> for OwnedHeader {
    fn from(of: Header<'_>) -> OwnedHeader {
        OwnedHeader {
            name: of.name.to_vec(),
            value: of.value.map(<[u8]>::to_vec),
        }
    }
}
