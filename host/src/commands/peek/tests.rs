//! How much is shown, and what ends it.

use std::collections::VecDeque;

use clap::Parser;
use penstock_core::record::{Offset, Timestamp};

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: PeekArgs,
}

fn args(line: &str) -> PeekArgs {
    let line = format!("peek t --bootstrap b:1 --json {line}");
    let parsed = Line::try_parse_from(line.split_ascii_whitespace());
    parsed.unwrap_or_else(|error| panic!("{error}")).args
}

/// Finds one thing after the other, and then an error.
struct Fake(VecDeque<Next>);

impl Reader for Fake {
    fn next(&mut self, _: Duration) -> Result<Next, ToolError> {
        self.0.pop_front().ok_or(ToolError::Unreachable {
            bootstrap: "b:1".to_owned(),
            why: "gone".to_owned(),
        })
    }
}

fn record(offset: i64) -> Next {
    Next::Record(Peeked {
        partition: 2,
        offset: Offset(offset),
        timestamp: Timestamp::CreateTime(0),
        key: None,
        value: Some(b"v".to_vec()),
        headers: vec![OwnedHeader {
            name: b"h".to_vec(),
            value: None,
        }],
    })
}

fn records(count: i64, last: Next) -> Fake {
    Fake((0..count).map(record).chain([last]).collect())
}

fn json(record: Peeked) -> String {
    show::record("t", &shape("t", record), Style::Json)
}

fn shown(line: &str, mut reader: Fake) -> (Result<Shown, Stopped>, Vec<String>) {
    let mut out = Vec::new();
    let outcome = peek(&args(line), &mut reader, &mut json, &mut out);
    let text = String::from_utf8(out).expect("UTF-8");
    (outcome, text.lines().map(str::to_owned).collect())
}

#[test]
fn a_record_is_shown_with_its_coordinates() {
    let (outcome, lines) = shown("", records(1, Next::End));
    assert_eq!(
        outcome.expect("it ends"),
        Shown {
            records: 1,
            more: false
        }
    );
    let line = r#"{"topic":"t","partition":2,"offset":0,"timestamp":"1970-01-01T00:00:00.000Z","key":null,"value":"v","headers":[{"name":"h","value":null}]}"#;
    assert_eq!(lines, [line]);
}

#[test]
fn ten_are_shown_and_the_user_learns_whether_there_are_more() {
    for (count, more) in [(10, false), (11, true)] {
        let (outcome, lines) = shown("", records(count, Next::End));
        let outcome = outcome.expect("it ends");
        assert_eq!((lines.len(), &outcome), (10, &Shown { records: 10, more }));
        assert_eq!(outcome.note(&args("")).is_some(), more);
    }
    let (outcome, lines) = shown("-n all", records(50, Next::End));
    assert_eq!((lines.len(), outcome.expect("it ends").more), (50, false));
    let (outcome, _) = shown("-n 3", records(50, Next::End));
    assert_eq!(outcome.expect("it ends").note(&args("-n 3")), None);
}

#[test]
fn an_empty_view_says_so() {
    let (outcome, _) = shown("--from end", records(0, Next::End));
    let note = outcome.expect("it ends").note(&args("--from end"));
    assert!(note.expect("a note").contains("--follow"));
}

#[test]
fn following_waits_and_a_count_ends_it_without_waiting_for_one_more() {
    let mut reader = records(12, Next::Waiting);
    reader.0.extend([record(12), record(13)]);
    let (outcome, lines) = shown("--follow -n 13", reader);
    assert_eq!((outcome.expect("it ends").records, lines.len()), (13, 13));
}

#[test]
fn records_that_no_broker_sends_are_kafka_out_of_reach() {
    let (outcome, lines) = shown("-n all", records(2, Next::Waiting));
    assert!(matches!(outcome, Err(Stopped::Silent)));
    assert_eq!(lines.len(), 2);
    assert_eq!(silent("t").exit(), Exit::KafkaUnreachable);
    let (outcome, _) = shown("-n all", Fake(VecDeque::new()));
    assert!(matches!(
        outcome,
        Err(Stopped::Read(ToolError::Unreachable { .. }))
    ));
}

#[test]
fn a_reader_of_the_output_that_left_ends_it_quietly() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut reader = records(2, Next::End);
    let Err(Stopped::Written(error)) = peek(&args(""), &mut reader, &mut json, Gone) else {
        panic!("nobody reads it");
    };
    assert_eq!(output::finish(Err(error)), Ok(Exit::Fine));
    assert_eq!(reader.0.len(), 2, "nothing more is read");
}
