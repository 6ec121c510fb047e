//! What is sent, what is answered, and what is said when it goes wrong.

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: EmitArgs,
}

fn args(line: &str) -> EmitArgs {
    try_args(line).unwrap_or_else(|error| panic!("{error}"))
}

fn try_args(line: &str) -> Result<EmitArgs, clap::Error> {
    Line::try_parse_from(line.split(' ')).map(|line| line.args)
}

/// A topic of one partition that refuses the value "no".
#[derive(Default)]
struct Fake(Vec<RecordJson>);

impl Producer for Fake {
    fn send(&mut self, records: &[RecordJson], placed: &mut Vec<Placed>) -> Result<(), Failure> {
        let mut outcome = Ok(());
        for record in records {
            if record.value.as_deref() == Some(b"no") {
                outcome = Err(Failure::new(Exit::Problem, "refused"));
                continue;
            }
            self.0.push(record.clone());
            placed.push(Placed {
                partition: record.partition.unwrap_or(0),
                offset: self.0.len() as i64 + 6,
            });
        }
        outcome
    }
}

fn record(value: &str) -> RecordJson {
    RecordJson {
        value: Some(value.as_bytes().to_vec()),
        ..RecordJson::default()
    }
}

fn sent(
    args: &EmitArgs,
    batches: Vec<Result<Vec<RecordJson>, Failure>>,
) -> (Result<Exit, Failure>, Vec<RecordJson>, String) {
    let mut producer = Fake::default();
    let mut answers = Vec::new();
    let result = emit(args, &mut batches.into_iter(), &mut producer, &mut answers);
    let answers = String::from_utf8(answers).expect("UTF-8");
    (result, producer.0, answers)
}

#[test]
fn each_record_is_answered_by_its_place() {
    let args = args("emit t v --bootstrap b:1");
    let batches = vec![Ok(vec![record("a"), record("b")]), Ok(vec![record("c")])];
    let (result, _, answers) = sent(&args, batches);
    assert_eq!(result, Ok(Exit::Fine));
    assert_eq!(answers, "t[0]@7\nt[0]@8\nt[0]@9\n");
}

#[test]
fn a_refusal_says_how_many_were_sent_and_ends_it() {
    let args = args("emit t v --bootstrap b:1");
    let batches = vec![
        Ok(vec![record("a"), record("no"), record("b")]),
        Ok(vec![record("never")]),
    ];
    let (result, sent, answers) = sent(&args, batches);
    let text = result.expect_err("one is refused").to_string();
    assert!(
        text.contains("refused") && text.contains("2 records were written"),
        "{text}"
    );
    assert_eq!(sent, [record("a"), record("b")]);
    assert_eq!(answers.lines().count(), 2);
}

#[test]
fn the_partition_of_a_line_counts_only_for_its_own_topic() {
    let from = |topic: Option<&str>| RecordJson {
        topic: topic.map(str::to_owned),
        partition: Some(2),
        ..record("v")
    };
    let plain = args("emit t v --bootstrap b:1");
    assert_eq!(partition(&plain, &from(Some("t"))), Some(2));
    assert_eq!(partition(&plain, &from(None)), Some(2));
    assert_eq!(partition(&plain, &from(Some("other"))), None);
    let forced = args("emit t v --bootstrap b:1 --partition 1");
    assert_eq!(partition(&forced, &from(Some("t"))), Some(1));
}

#[test]
fn a_reader_that_left_does_not_keep_records_from_being_sent() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
    }
    let mut producer = Fake::default();
    let mut batches = vec![Ok(vec![record("a")]), Ok(vec![record("b")])].into_iter();
    let result = emit(
        &args("emit t v --bootstrap b:1"),
        &mut batches,
        &mut producer,
        Gone,
    );
    assert_eq!((result, producer.0.len()), (Ok(Exit::Fine), 2));
}

#[test]
fn contradictions_are_refused() {
    for line in [
        "emit t v",
        "emit t v --bootstrap b:1 -c f",
        "emit t v --file f --bootstrap b:1",
        "emit t v --tombstone --key k --bootstrap b:1",
        "emit t --tombstone --bootstrap b:1",
        "emit t --json-lines --key k --bootstrap b:1",
        "emit t v --header nothing --bootstrap b:1",
        "emit t v --partition -1 --bootstrap b:1",
        "emit --bootstrap b:1",
    ] {
        assert!(try_args(line).is_err(), "{line}");
    }
    assert!(try_args("emit t - --bootstrap b:1").is_ok());
    assert!(try_args("emit t --json-lines -c a -c b").is_ok());
}
