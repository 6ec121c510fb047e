//! What a dead letter carries: the original record byte for byte, and why it is here in headers
//! after the original ones.

use crate::record::{OwnedHeader, Record, Timestamp, TopicPartition};
use crate::verdict::Failure;

/// Names of the headers that are appended. The values are UTF-8 text.
pub mod header {
    /// Penstock's stable code, as `PSK-H002`.
    pub const CODE: &str = "penstock.code";
    /// The handler's own reason code, where it gave one.
    pub const REASON: &str = "penstock.reason";
    /// What happened, for people; at most [`super::TEXT_BYTES_MAX`].
    pub const TEXT: &str = "penstock.text";
    /// The configured name of the handler.
    pub const HANDLER: &str = "penstock.handler";
    /// Where the record lay.
    pub const TOPIC: &str = "penstock.topic";
    /// Where the record lay.
    pub const PARTITION: &str = "penstock.partition";
    /// Where the record lay.
    pub const OFFSET: &str = "penstock.offset";
    /// The record's own timestamp, milliseconds since 1970; the dead letter's own is its sending.
    pub const TIMESTAMP: &str = "penstock.timestamp";
    /// `create-time`, `log-append-time` or `unknown`.
    pub const TIMESTAMP_TYPE: &str = "penstock.timestamp-type";
    /// How many times the handler was called.
    pub const ATTEMPTS: &str = "penstock.attempts";
}

/// The largest text that a header carries, in bytes.
pub const TEXT_BYTES_MAX: usize = 4096;

/// The headers of the dead letter of `record`: its own, untouched, then ours.
pub fn headers(
    record: &Record<'_>,
    from: &TopicPartition,
    handler: &str,
    failure: &Failure,
    attempts: u32,
) -> Vec<OwnedHeader> {
    let mut headers: Vec<OwnedHeader> = record
        .headers
        .iter()
        .map(|header| OwnedHeader {
            name: header.name.to_vec(),
            value: header.value.map(<[u8]>::to_vec),
        })
        .collect();
    let mut add = |name: &str, value: &str| {
        headers.push(OwnedHeader {
            name: name.as_bytes().to_vec(),
            value: Some(bounded(value).as_bytes().to_vec()),
        });
    };
    add(header::CODE, failure.code().as_str());
    if let Some(reason) = failure.reason_code() {
        add(header::REASON, reason);
    }
    add(header::TEXT, &failure.text());
    add(header::HANDLER, handler);
    add(header::TOPIC, &from.topic);
    add(header::PARTITION, &from.partition.to_string());
    add(header::OFFSET, &record.offset.to_string());
    if let Some(ms) = record.timestamp.millis() {
        add(header::TIMESTAMP, &ms.to_string());
    }
    add(
        header::TIMESTAMP_TYPE,
        match record.timestamp {
            Timestamp::Unknown => "unknown",
            Timestamp::CreateTime(_) => "create-time",
            Timestamp::LogAppendTime(_) => "log-append-time",
        },
    );
    add(header::ATTEMPTS, &attempts.to_string());
    headers
}

/// `text` cut at a character's boundary.
fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Batch;
    use crate::record::{Header, Offset};
    use crate::verdict::Reason;

    #[test]
    fn original_headers_come_first_untouched_and_texts_are_bounded() {
        let original = [
            Header {
                name: b"x\xff",
                value: None,
            },
            Header {
                name: b"x\xff",
                value: Some(b""),
            },
        ];
        let mut batch = Batch::default();
        batch.push(Offset(4), Timestamp::CreateTime(7), None, None, original);
        let from = TopicPartition {
            topic: "t".into(),
            partition: 3,
        };
        let failure = Failure::Reject(Reason {
            code: "invalid-event".into(),
            text: "é".repeat(TEXT_BYTES_MAX),
        });
        let headers = headers(&batch.record(0), &from, "h", &failure, 2);
        for (ours, theirs) in headers.iter().zip(original) {
            assert_eq!(ours.name, theirs.name);
            assert_eq!(ours.value.as_deref(), theirs.value);
        }
        let value = |name: &str| {
            let found = headers.iter().find(|h| h.name == name.as_bytes());
            String::from_utf8(found.and_then(|h| h.value.clone()).unwrap_or_default()).unwrap()
        };
        assert_eq!(value(header::CODE), "PSK-H002");
        assert_eq!(value(header::REASON), "invalid-event");
        assert_eq!(value(header::OFFSET), "4");
        assert_eq!(value(header::PARTITION), "3");
        assert_eq!(value(header::TIMESTAMP), "7");
        assert_eq!(value(header::TIMESTAMP_TYPE), "create-time");
        assert_eq!(value(header::ATTEMPTS), "2");
        assert!(value(header::TEXT).len() <= TEXT_BYTES_MAX);
    }
}
