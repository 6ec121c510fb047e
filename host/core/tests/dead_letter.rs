//! Dead letters: headers in, headers out; what is done of a partition; which ones are meant.

use std::collections::BTreeSet;

use penstock_core::batch::Batch;
use penstock_core::dead_letter::{
    Convention, Filter, Letter, Lies, METADATA_BYTES_MAX, OffsetRanges, Overflow, Progress,
    TEXT_BYTES_MAX, Unreadable, header, headers, redriven_for_another,
};
use penstock_core::record::{Header, Offset, OwnedHeader, Timestamp, TopicPartition};
use penstock_core::verdict::{Failure, Reason};
use proptest::prelude::*;

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

mod others {
    use super::*;

    fn spring(prefix: &str, group: &str) -> Vec<OwnedHeader> {
        let name = |of: &str| format!("{prefix}{of}").into_bytes();
        let header = |of: &str, value: &[u8]| own(&name(of), Some(value));
        vec![
            own(b"trace", Some(b"ab")),
            header("original-topic", b"orders"),
            header("original-partition", &2i32.to_be_bytes()),
            header("original-offset", &45i64.to_be_bytes()),
            header("original-timestamp", &1_767_261_600_000i64.to_be_bytes()),
            header("original-timestamp-type", b"CreateTime"),
            own(group.as_bytes(), Some(b"billing")),
            header(
                "exception-fqcn",
                b"org.springframework.kafka.ListenerFailed",
            ),
            header("exception-cause-fqcn", b"java.lang.IllegalStateException"),
            header("exception-message", b"boom"),
            header("exception-stacktrace", b"at a.B.c(B.java:1)"),
            own(b"retry_topic-attempts", Some(&4i32.to_be_bytes())),
            own(b"kafka_foreign", Some(b"kept")),
        ]
    }

    #[test]
    fn springs_letters_are_read_in_both_its_ways() {
        for prefix in ["kafka_dlt-", "kafka_"] {
            let letter = Letter::read(spring(prefix, "kafka_dlt-original-consumer-group"));
            assert_eq!(letter.convention, Convention::Spring);
            let origin = letter.origin.clone().expect("an origin");
            assert_eq!(
                (
                    &*origin.topic,
                    origin.partition,
                    origin.offset,
                    origin.timestamp_ms
                ),
                ("orders", Some(2), Some(45), Some(1_767_261_600_000))
            );
            assert_eq!(letter.handler.as_deref(), Some("billing"));
            assert_eq!(
                letter.reason.as_deref(),
                Some("java.lang.IllegalStateException")
            );
            assert_eq!(letter.text.as_deref(), Some("boom\nat a.B.c(B.java:1)"));
            assert_eq!(letter.attempts, Some(4));
            let names: Vec<_> = letter.own.iter().map(|of| of.name.as_slice()).collect();
            assert_eq!(names, [b"trace".as_slice(), b"kafka_foreign"], "{prefix}");
        }
    }

    #[test]
    fn the_first_hop_is_the_origin_and_a_redrive_keeps_it() {
        let mut headers = spring("kafka_dlt-", "kafka_dlt-original-consumer-group");
        headers.push(own(b"kafka_dlt-original-topic", Some(b"orders-retry")));
        headers.push(own(b"kafka_dlt-original-offset", Some(&9i64.to_be_bytes())));
        let letter = Letter::read(headers);
        let origin = letter.origin.clone().expect("an origin");
        assert_eq!((&*origin.topic, origin.offset), ("orders", Some(45)));
        // It fails in Spring again, from another offset.
        let mut again = letter.redriven(None).expect("a topic");
        again.extend([
            own(b"kafka_dlt-original-topic", Some(b"orders")),
            own(b"kafka_dlt-original-partition", Some(&0i32.to_be_bytes())),
            own(b"kafka_dlt-original-offset", Some(&99i64.to_be_bytes())),
        ]);
        let again = Letter::read(again);
        assert_eq!((again.origin, again.redrives), (Some(origin), 1));
        assert_eq!(again.own, letter.own);
    }

    #[test]
    fn connects_letters_are_read() {
        let header = |of: &str, value: &str| {
            own(
                format!("__connect.errors.{of}").as_bytes(),
                Some(value.as_bytes()),
            )
        };
        let letter = Letter::read(vec![
            own(b"trace", None),
            header("topic", "orders"),
            header("partition", "12"),
            header("offset", "12345678"),
            header("connector.name", "jdbc-sink"),
            header("task.id", "0"),
            header("stage", "VALUE_CONVERTER"),
            header("class.name", "org.apache.kafka.connect.json.JsonConverter"),
            header("exception.class.name", "org.apache.kafka.DataException"),
            header("exception.message", "not JSON"),
            own(b"__connect.errors.exception.stacktrace", None),
        ]);
        assert_eq!(letter.convention, Convention::Connect);
        let origin = letter.origin.expect("an origin");
        assert_eq!(
            (origin.partition, origin.offset),
            (Some(12), Some(12_345_678))
        );
        assert_eq!(letter.handler.as_deref(), Some("jdbc-sink"));
        assert_eq!(
            letter.reason.as_deref(),
            Some("org.apache.kafka.DataException")
        );
        assert_eq!(letter.text.as_deref(), Some("not JSON"));
        assert_eq!(letter.own, [own(b"trace", None)]);
    }

    #[test]
    fn streams_letters_are_read() {
        let header = |of: &str, value: &str| {
            own(
                format!("__streams.errors.{of}").as_bytes(),
                Some(value.as_bytes()),
            )
        };
        let letter = Letter::read(vec![
            header(
                "exception",
                "java.lang.IllegalArgumentException: count must be positive",
            ),
            header("message", "count must be positive"),
            header("stacktrace", "java.lang.IllegalArgumentException\n\tat x"),
            header("topic", "clicks"),
            header("partition", "1"),
            header("offset", "7"),
        ]);
        assert_eq!(letter.convention, Convention::Streams);
        let origin = letter.origin.expect("an origin");
        assert_eq!(
            (&*origin.topic, origin.partition, origin.offset),
            ("clicks", Some(1), Some(7))
        );
        assert_eq!(
            letter.reason.as_deref(),
            Some("java.lang.IllegalArgumentException")
        );
        assert!(letter.own.is_empty());
    }

    #[test]
    fn who_wrote_last_is_believed() {
        let mut headers = spring("kafka_dlt-", "kafka_dlt-original-consumer-group");
        let batch = batch(4, Timestamp::CreateTime(7), &headers);
        let ours = super::headers(&batch.record(0), &from(3), "h", &rejected("no"), 1);
        let letter = Letter::read(ours.clone());
        assert_eq!(
            (letter.convention, letter.own),
            (Convention::Penstock, headers)
        );
        headers = ours;
        headers.push(own(b"__streams.errors.topic", Some(b"t.dlq")));
        assert_eq!(Letter::read(headers).convention, Convention::Streams);
    }
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
}

proptest! {
    #[test]
    fn progress_knows_exactly_what_was_done(
        start in 0i64..20,
        done in prop::collection::vec((0i64..60, 0i64..9), 0..30),
    ) {
        let mut progress = Progress::from(start);
        let mut model: BTreeSet<i64> = (0..start).collect();
        let mut ranges = OffsetRanges::default();
        for (first, count) in done {
            progress.done(first..first + count);
            ranges.insert(first..first + count);
            model.extend(first..first + count);
        }
        for offset in 0..80 {
            prop_assert_eq!(progress.is_done(offset), model.contains(&offset));
            prop_assert_eq!(ranges.contains(offset) || offset < start, model.contains(&offset));
        }
        let lowest = (0..).find(|offset| !model.contains(offset));
        prop_assert_eq!(Some(progress.next()), lowest);
        let of_ranges: Vec<i64> = ranges.iter().cloned().flatten().collect();
        prop_assert_eq!(of_ranges.len() as u64, ranges.count());
        prop_assert!(of_ranges.is_sorted());
        let metadata = progress.metadata().expect("it is short");
        prop_assert_eq!(Progress::read(progress.next(), &metadata), Ok(progress));
    }
}

#[test]
fn a_commit_without_metadata_is_taken_at_its_word_and_another_is_refused() {
    assert_eq!(Progress::read(5, ""), Ok(Progress::from(5)));
    for wrong in [
        "of somebody",
        "redriven-1 6",
        "redriven-1 5 0+2",
        "redriven-1 5 2",
        "redriven-2 5",
    ] {
        assert_eq!(Progress::read(5, wrong), Err(Unreadable), "{wrong}");
    }
}

#[test]
fn what_a_commit_can_not_carry_is_refused() {
    let mut progress = Progress::from(0);
    let mut done = 0;
    while progress.metadata().is_ok() {
        done += 1;
        progress.done(done * 2..done * 2 + 1);
    }
    // As many as the guide promises.
    assert!(done > 1000, "{done}");
    assert_eq!(progress.metadata(), Err(Overflow));
    progress.done(0..2);
    progress.done(3..4);
    let metadata = progress.metadata().expect("it fits again");
    assert!(metadata.len() <= METADATA_BYTES_MAX);
}
