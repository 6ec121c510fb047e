//! Dead letters: headers in, headers out; what is done of a partition; which ones are meant.

mod others;
mod progress;

use penstock_core::batch::Batch;
use penstock_core::dead_letter::{
    Convention, Filter, Letter, Lies, TEXT_BYTES_MAX, header, headers, redriven_for_another,
};
use penstock_core::record::{Header, Offset, OwnedHeader, Timestamp, TopicPartition};
use penstock_core::verdict::{Failure, Reason};

fn own(name: &[u8], value: Option<&[u8]>) -> OwnedHeader {
    OwnedHeader {
        name: name.to_vec(),
        value: value.map(<[u8]>::to_vec),
    }
}

fn batch(offset: i64, timestamp: Timestamp, headers: &[OwnedHeader]) -> Batch {
    let mut batch = Batch::default();
    let headers = headers.iter().map(|of| Header {
        name: &of.name,
        value: of.value.as_deref(),
    });
    batch.push(Offset(offset), timestamp, None, None, headers);
    batch
}

fn from(partition: i32) -> TopicPartition {
    TopicPartition {
        topic: "t".into(),
        partition,
    }
}

fn rejected(text: &str) -> Failure {
    Failure::Reject(Reason {
        code: "invalid-event".into(),
        text: text.into(),
    })
}

fn value(headers: &[OwnedHeader], name: &str) -> Option<String> {
    let found = headers.iter().rfind(|of| of.name == name.as_bytes())?;
    String::from_utf8(found.value.clone()?).ok()
}

/// Headers that look like ours, and are the record's own.
fn odd() -> Vec<OwnedHeader> {
    vec![
        own(b"x\xff", None),
        own(b"x\xff", Some(b"")),
        own(b"penstock.code", Some(b"of an earlier life")),
        own(b"penstock.redrives", Some(b"7")),
    ]
}

#[test]
fn original_headers_come_first_untouched_and_texts_are_bounded() {
    let original = odd();
    let batch = batch(4, Timestamp::CreateTime(7), &original);
    let failure = rejected(&"é".repeat(TEXT_BYTES_MAX));
    let headers = headers(&batch.record(0), &from(3), "h", &failure, 2);
    assert_eq!(headers[..4], original);
    let ours = &headers[4..];
    let expected = [
        (header::CODE, "PSK-H002"),
        (header::REASON, "invalid-event"),
        (header::OFFSET, "4"),
        (header::PARTITION, "3"),
        (header::TIMESTAMP, "7"),
        (header::TIMESTAMP_TYPE, "create-time"),
        (header::ATTEMPTS, "2"),
    ];
    for (name, expected) in expected {
        assert_eq!(value(ours, name).as_deref(), Some(expected), "{name}");
    }
    let text = value(ours, header::TEXT).expect("a text");
    assert!(text.starts_with("invalid-event") && text.len() <= TEXT_BYTES_MAX);
    assert_eq!(value(ours, header::REDRIVES), None);
}

#[test]
fn a_letter_is_read_back_and_its_record_goes_back_as_it_was() {
    let batch = batch(4, Timestamp::LogAppendTime(7), &odd());
    let letter = Letter::read(headers(&batch.record(0), &from(3), "h", &rejected("no"), 2));
    assert_eq!(letter.convention, Convention::Penstock);
    let origin = letter.origin.clone().expect("an origin");
    assert_eq!(
        (&*origin.topic, origin.partition, origin.offset),
        ("t", Some(3), Some(4))
    );
    assert_eq!(origin.timestamp_ms, Some(7));
    assert_eq!(origin.timestamp_type.as_deref(), Some("log-append-time"));
    assert_eq!(letter.handler.as_deref(), Some("h"));
    assert_eq!(letter.code.as_deref(), Some("PSK-H002"));
    assert_eq!(letter.reason.as_deref(), Some("invalid-event"));
    assert_eq!(letter.text.as_deref(), Some("invalid-event: no"));
    assert_eq!((letter.attempts, letter.redrives), (Some(2), 0));
    assert_eq!(letter.own, odd());
    let again = letter.redriven(None).expect("it tells its topic");
    assert_eq!(again[..4], odd());
    let names = again[4..]
        .iter()
        .map(|of| String::from_utf8_lossy(&of.name));
    let names: Vec<_> = names.collect();
    assert!(
        names
            .iter()
            .all(|name| name.starts_with("penstock.origin-") || name == header::REDRIVES),
        "{names:?}"
    );
}

#[test]
fn a_record_that_fails_again_keeps_its_origin_and_its_count_rises() {
    let first = batch(4, Timestamp::CreateTime(7), &odd());
    let mut letter = Letter::read(headers(&first.record(0), &from(3), "h", &rejected("no"), 2));
    for redrives in 1..4 {
        let redriven = letter.redriven(Some("h")).expect("it tells its topic");
        let again = batch(90 + redrives, Timestamp::CreateTime(1000), &redriven);
        let failure = Failure::Memory { limit_bytes: 1 };
        let dead = headers(&again.record(0), &from(0), "h", &failure, 1);
        assert_eq!(value(&dead, header::ONLY_HANDLER), None);
        assert_eq!(value(&dead, header::ORIGIN_TOPIC), None);
        let next = Letter::read(dead);
        assert_eq!(next.origin, letter.origin);
        assert_eq!(next.origin.as_ref().and_then(|of| of.timestamp_ms), Some(7));
        assert_eq!((next.redrives as i64, next.attempts), (redrives, Some(1)));
        assert_eq!(next.code.as_deref(), Some("PSK-H006"));
        assert_eq!(next.own, odd());
        letter = next;
    }
}

#[test]
fn a_mark_that_was_copied_into_another_topic_is_only_a_header() {
    let first = batch(4, Timestamp::CreateTime(7), &[]);
    let letter = Letter::read(headers(&first.record(0), &from(3), "h", &rejected("no"), 2));
    let copied = letter.redriven(Some("h")).expect("it tells its topic");
    let elsewhere = TopicPartition {
        topic: "u".into(),
        partition: 1,
    };
    let output = batch(9, Timestamp::CreateTime(8), &copied);
    let record = output.record(0);
    assert_eq!(redriven_for_another(&record, "u", "other"), None);
    let letter = Letter::read(headers(&record, &elsewhere, "other", &rejected("no"), 1));
    assert_eq!(
        letter.origin.map(|of| (of.topic, of.offset)),
        Some(("u".into(), Some(9)))
    );
    assert_eq!((letter.own, letter.redrives), (copied, 0));
}

#[test]
fn what_was_redriven_for_one_handler_is_skipped_by_the_others() {
    let first = batch(4, Timestamp::CreateTime(7), &[]);
    let letter = Letter::read(headers(&first.record(0), &from(3), "h", &rejected("no"), 2));
    let of = |only| {
        batch(
            9,
            Timestamp::CreateTime(8),
            &letter.redriven(only).expect("a topic"),
        )
    };
    let (for_one, for_all) = (of(Some("h")), of(None));
    let asked = |batch: &Batch, handler| redriven_for_another(&batch.record(0), "t", handler);
    assert_eq!(asked(&for_one, "h"), None);
    let why = asked(&for_one, "other").expect("it is not for that one");
    assert_eq!(why.code, "redriven-for-another");
    assert!(why.text.contains("handler h only"), "{}", why.text);
    assert_eq!(asked(&for_all, "other"), None);
    assert_eq!(asked(&batch(1, Timestamp::Unknown, &odd()), "other"), None);
}

#[test]
fn a_stranger_is_read_as_such_and_tells_no_topic() {
    let letter = Letter::read(vec![own(b"a", None)]);
    assert_eq!(letter.convention, Convention::Unknown);
    assert_eq!((letter.redriven(None), letter.own.len()), (None, 1));
}

#[test]
fn each_filter_takes_what_it_names() {
    let batch = batch(4, Timestamp::CreateTime(7), &[]);
    let letter = Letter::read(headers(&batch.record(0), &from(3), "h", &rejected("no"), 2));
    let lies = Lies {
        place: (1, 8),
        key: Some(b"k"),
        time_ms: Some(1000),
    };
    let some = |text: &str| Some(text.to_owned());
    let with = |set: &dyn Fn(&mut Filter)| {
        let mut filter = Filter::default();
        set(&mut filter);
        filter.takes(&letter, lies)
    };
    assert!(with(&|_| ()));
    assert!(with(&|of| of.topic = some("t")) && !with(&|of| of.topic = some("u")));
    assert!(with(&|of| of.handler = some("h")) && !with(&|of| of.handler = some("g")));
    assert!(with(&|of| of.code = some("PSK-H002")) && !with(&|of| of.code = some("PSK-H003")));
    assert!(with(&|of| of.code = some("invalid-event")));
    assert!(with(&|of| of.key = Some(b"k".to_vec())) && !with(&|of| of.key = Some(vec![])));
    assert!(with(&|of| of.since_ms = Some(1000)) && !with(&|of| of.since_ms = Some(1001)));
    assert!(with(&|of| of.until_ms = Some(1001)) && !with(&|of| of.until_ms = Some(1000)));
    assert!(with(&|of| of.places = vec![(0, 8), (1, 8)]) && !with(&|of| of.places = vec![(8, 1)]));
    // All that is given must hold.
    assert!(!with(&|of| (of.topic, of.handler) = (some("t"), some("g"))));
    let of_a_class = Letter {
        reason: some("java.lang.IllegalStateException"),
        ..letter.clone()
    };
    let filter = Filter {
        code: some("IllegalStateException"),
        ..Filter::default()
    };
    assert!(filter.takes(&of_a_class, lies) && !filter.takes(&letter, lies));
    // What stands in the place of a code.
    let of_spring = Letter {
        convention: Convention::Spring,
        ..of_a_class
    };
    let filter = Filter {
        code: some("spring"),
        ..Filter::default()
    };
    assert!(filter.takes(&of_spring, lies) && !filter.takes(&letter, lies));
}
