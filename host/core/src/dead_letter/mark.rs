//! The mark of a redriven record: headers that keep its origin and count, and may name the one
//! handler that it is for.

use super::header;
use super::letter::{Origin, last_number, last_text};
use super::text;
use crate::record::{OwnedHeader, Record};
use crate::verdict::Reason;

/// Each of the headers of a mark.
const NAMES: [&str; 7] = [
    header::ORIGIN_TOPIC,
    header::ORIGIN_PARTITION,
    header::ORIGIN_OFFSET,
    header::ORIGIN_TIMESTAMP,
    header::ORIGIN_TIMESTAMP_TYPE,
    header::REDRIVES,
    header::ONLY_HANDLER,
];

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Where the record lay when it failed first.
    pub(super) origin: Origin,
    /// How often it was redriven, this time included.
    pub(super) redrives: u32,
    /// The only handler that is to have it.
    pub(super) only: Option<String>,
}

impl Mark {
    /// The headers that are put behind the record's own.
    pub(super) fn headers(&self) -> Vec<OwnedHeader> {
        let known = |name, value: Option<String>| value.map(|value| text(name, &value));
        let origin = &self.origin;
        let number = |of: Option<i64>| of.map(|of| of.to_string());
        [
            Some(text(header::ORIGIN_TOPIC, &origin.topic)),
            known(
                header::ORIGIN_PARTITION,
                number(origin.partition.map(i64::from)),
            ),
            known(header::ORIGIN_OFFSET, number(origin.offset)),
            known(header::ORIGIN_TIMESTAMP, number(origin.timestamp_ms)),
            known(header::ORIGIN_TIMESTAMP_TYPE, origin.timestamp_type.clone()),
            Some(text(header::REDRIVES, &self.redrives.to_string())),
            known(header::ONLY_HANDLER, self.only.clone()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Takes the mark off a record that lies in `topic`.
///
/// A mark of another topic was copied there by whoever wrote the record, and is only a header.
pub(super) fn take(headers: Vec<OwnedHeader>, topic: &str) -> (Vec<OwnedHeader>, Option<Mark>) {
    let first = headers
        .iter()
        .rposition(|of| of.name == header::ORIGIN_TOPIC.as_bytes());
    let Some(first) = first else {
        return (headers, None);
    };
    let (origin_topic, redrives) = (
        last_text(&headers[first..], header::ORIGIN_TOPIC),
        last_number(&headers[first..], header::REDRIVES),
    );
    let (Some(origin_topic), Some(redrives)) = (origin_topic, redrives) else {
        return (headers, None);
    };
    if origin_topic != topic {
        return (headers, None);
    }
    let marked = &headers[first..];
    let mark = Mark {
        origin: Origin {
            topic: origin_topic,
            partition: last_number(marked, header::ORIGIN_PARTITION),
            offset: last_number(marked, header::ORIGIN_OFFSET),
            timestamp_ms: last_number(marked, header::ORIGIN_TIMESTAMP),
            timestamp_type: last_text(marked, header::ORIGIN_TIMESTAMP_TYPE),
        },
        redrives,
        only: last_text(marked, header::ONLY_HANDLER),
    };
    (super::letter::without(headers, first, is_mark), Some(mark))
}

fn is_mark(name: &[u8]) -> bool {
    NAMES.iter().any(|of| of.as_bytes() == name)
}

/// Why `handler` skips a record of `topic`: it was redriven for another one only.
///
/// Asked of each record that is to be handled, so it looks at headers alone, and only at those.
pub fn redriven_for_another(record: &Record<'_>, topic: &str, handler: &str) -> Option<Reason> {
    let last = |name: &str| {
        let found = record
            .headers
            .iter()
            .filter(|of| of.name == name.as_bytes());
        found.last().and_then(|of| str::from_utf8(of.value?).ok())
    };
    let only = last(header::ONLY_HANDLER)?;
    if only == handler || last(header::ORIGIN_TOPIC) != Some(topic) {
        return None;
    }
    Some(Reason {
        code: "redriven-for-another".to_owned(),
        text: format!("the record was redriven for the handler {only} only"),
    })
}
