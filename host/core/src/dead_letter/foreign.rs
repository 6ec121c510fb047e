//! Dead letters of others: the headers of Spring for Apache Kafka, Kafka Connect and Kafka
//! Streams.
//!
//! Spring writes numbers as big-endian bytes, the others as text.

use super::letter::{Convention, Letter, Origin, last_text, unmarked, without};
use crate::record::OwnedHeader;

/// One way to name the headers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    convention: Convention,
    prefix: &'static str,
    topic: &'static str,
    partition: &'static str,
    offset: &'static str,
    /// Names with the prefix, of all that is an error header: whatever begins with one of them.
    taken: &'static [&'static str],
    handler: &'static str,
    class: &'static [&'static str],
    message: &'static [&'static str],
    trace: &'static [&'static str],
}

const ORIGINAL_TIMESTAMP: &str = "original-timestamp";
const ORIGINAL_TIMESTAMP_TYPE: &str = "original-timestamp-type";
/// How often a record came to Spring's retry topics.
const SPRING_ATTEMPTS: &str = "retry_topic-attempts";

const SPRING: Style = Style {
    convention: Convention::Spring,
    prefix: "kafka_dlt-",
    topic: "original-topic",
    partition: "original-partition",
    offset: "original-offset",
    taken: &["kafka_dlt-", "retry_topic-"],
    handler: "original-consumer-group",
    // The outer exception is always the listener's.
    class: &[
        "exception-cause-fqcn",
        "exception-fqcn",
        "key-exception-fqcn",
    ],
    message: &["exception-message", "key-exception-message"],
    trace: &["exception-stacktrace", "key-exception-stacktrace"],
};

const STYLES: [Style; 4] = [
    SPRING,
    Style {
        prefix: "kafka_",
        taken: &[
            "kafka_original-",
            "kafka_exception-",
            "kafka_key-exception-",
            "kafka_dlt-",
            "retry_topic-",
        ],
        handler: "dlt-original-consumer-group",
        ..SPRING
    },
    Style {
        convention: Convention::Connect,
        prefix: "__connect.errors.",
        topic: "topic",
        partition: "partition",
        offset: "offset",
        taken: &["__connect.errors."],
        handler: "connector.name",
        class: &["exception.class.name"],
        message: &["exception.message"],
        trace: &["exception.stacktrace"],
    },
    Style {
        convention: Convention::Streams,
        prefix: "__streams.errors.",
        topic: "topic",
        partition: "partition",
        offset: "offset",
        taken: &["__streams.errors."],
        // Which application it was is not told.
        handler: "application.id",
        class: &["exception"],
        message: &["message"],
        trace: &["stacktrace"],
    },
];

/// Who wrote the last of the dead letter's headers, and where.
pub(super) fn find(headers: &[OwnedHeader]) -> Option<(usize, Style)> {
    let found = STYLES.into_iter().filter_map(|style| {
        let name = format!("{}{}", style.prefix, style.topic);
        let at = headers.iter().rposition(|of| of.name == name.as_bytes())?;
        Some((at, style))
    });
    found.max_by_key(|(at, _)| *at)
}

pub(super) fn read(headers: Vec<OwnedHeader>, style: Style) -> Letter {
    let named = |name: &str| format!("{}{name}", style.prefix);
    let text = |names: &[&str]| {
        let mut found = names
            .iter()
            .filter_map(|of| last_text(&headers, &named(of)));
        found.next().filter(|text| !text.is_empty())
    };
    // Spring adds the coordinates of each hop; the first are where the record came from.
    let first = |name: &str| {
        let found = headers.iter().find(|of| of.name == named(name).as_bytes());
        found.and_then(|of| of.value.as_deref())
    };
    let topic = first(style.topic).map(|of| String::from_utf8_lossy(of).into_owned());
    let origin = topic.map(|topic| Origin {
        topic,
        partition: first(style.partition)
            .and_then(number)
            .and_then(|of| i32::try_from(of).ok()),
        offset: first(style.offset).and_then(number),
        timestamp_ms: first(ORIGINAL_TIMESTAMP).and_then(number),
        timestamp_type: first(ORIGINAL_TIMESTAMP_TYPE)
            .map(|of| String::from_utf8_lossy(of).into_owned()),
    });
    let attempts = headers
        .iter()
        .rfind(|of| style.convention == Convention::Spring && of.name == SPRING_ATTEMPTS.as_bytes())
        .and_then(|of| number(of.value.as_deref()?))
        .and_then(|of| u32::try_from(of).ok());
    let message = text(style.message);
    let trace = text(style.trace);
    let said = match (message, trace) {
        (Some(message), Some(trace)) => Some(format!("{message}\n{trace}")),
        (message, trace) => message.or(trace),
    };
    // Streams puts the message behind the class.
    let class = text(style.class).map(|of| match of.split_once(':') {
        Some((class, _)) => class.to_owned(),
        None => of,
    });
    let taken = |name: &[u8]| style.taken.iter().any(|of| name.starts_with(of.as_bytes()));
    unmarked(Letter {
        convention: style.convention,
        origin,
        handler: text(&[style.handler]),
        code: None,
        reason: class,
        text: said,
        attempts,
        redrives: 0,
        own: without(headers, 0, taken),
    })
}

/// Digits, or big-endian bytes: what would read as both is no number that a log has.
fn number(bytes: &[u8]) -> Option<i64> {
    let is_text = bytes.iter().all(u8::is_ascii_digit);
    match (<[u8; 4]>::try_from(bytes), <[u8; 8]>::try_from(bytes)) {
        (Ok(bytes), _) if !is_text => Some(i64::from(i32::from_be_bytes(bytes))),
        (_, Ok(bytes)) if !is_text => Some(i64::from_be_bytes(bytes)),
        _ => str::from_utf8(bytes).ok()?.parse().ok(),
    }
}
