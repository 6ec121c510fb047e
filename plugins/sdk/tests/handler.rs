//! What the SDK promises to a plugin, by a plugin that uses all of it.

use std::time::Duration;

use penstock_sdk::log::Level;
use penstock_sdk::prelude::*;
use penstock_sdk::testing::{Emitted, Instance, message, run};

const A: Output = Output::new(0, "a", "The first");
const B: Output = Output::new(1, "b", "The second");

#[derive(Debug)]
struct Echo {
    times: u32,
}

impl Handler for Echo {
    fn describe() -> Description {
        Description::new("echo", "1.2.3")
            .output(A)
            .output(B)
            .required_setting("times", "How often")
            .setting("mark", "What to end with", "!")
            .optional_setting("colour", "Which colour")
    }

    fn configure(topic: &str, settings: &Settings) -> Result<Self, Vec<SettingError>> {
        assert_eq!(topic, "texts");
        let times = settings.parse("times").map_err(|error| vec![error])?;
        Ok(Echo {
            times: times.unwrap_or(1),
        })
    }

    fn handle(&mut self, message: Message) -> Result<Outcome, Failure> {
        log::info!("attempt {} at {}", context::attempt(), context::now_ms());
        for _ in 0..self.times {
            A.emit(message.key, message.value.unwrap_or(b"none"));
        }
        B.emit_record(Record {
            headers: &[Header::new("seed", format!("{:?}", context::seed()))],
            timestamp_ms: Some(7),
            ..Record::default()
        });
        match message.value {
            Some(b"skip") => Ok(Outcome::skip("asked-to", "skipped")),
            Some(b"reject") => Err(Failure::reject("asked-to", "rejected")),
            Some(b"later") => {
                let delay = Duration::from_secs(u64::from(u32::MAX));
                Err(Failure::retry_after(delay, "asked-to", "later"))
            }
            Some(b"bad code") => Err(Failure::reject("Bad Code", "")),
            Some(b"undeclared") => {
                Output::new(2, "c", "Not declared").emit(None, "");
                Ok(Outcome::Done)
            }
            _ => Ok(Outcome::Done),
        }
    }
}

fn echo(times: &str) -> Instance<Echo> {
    Instance::new("texts", &[("times", times)]).expect("configured")
}

#[test]
fn a_description_says_all_of_it() {
    let description = Echo::describe();
    assert_eq!(
        (&*description.name, &*description.version),
        ("echo", "1.2.3")
    );
    assert!(description.sdk.starts_with("penstock-sdk "));
    assert!(!description.headers && description.clone().with_headers().headers);
    let outputs: Vec<&str> = description
        .outputs
        .iter()
        .map(|output| &*output.name)
        .collect();
    assert_eq!(outputs, ["a", "b"]);
    let settings: Vec<_> = description
        .settings
        .iter()
        .map(|setting| (&*setting.name, setting.required, setting.default.as_deref()))
        .collect();
    assert_eq!(
        settings,
        [
            ("times", true, None),
            ("mark", false, Some("!")),
            ("colour", false, None)
        ]
    );
}

#[test]
#[should_panic(expected = "output `b` has index 1, and is declared at place 0")]
fn outputs_are_declared_in_the_order_of_their_indexes() {
    drop(Description::new("echo", "1").output(B));
}

#[test]
fn what_is_emitted_comes_out_when_done() {
    let run = echo("2").handle(Message {
        key: Some(b"k"),
        ..message("hello")
    });
    assert_eq!(run.result, Ok(Outcome::Done));
    let a = Emitted {
        output: "a".to_owned(),
        key: Some(b"k".to_vec()),
        value: Some(b"hello".to_vec()),
        headers: Vec::new(),
        timestamp_ms: None,
    };
    assert_eq!(run.outputs[..2], [a.clone(), a]);
    let b = &run.outputs[2];
    assert_eq!(
        (&*b.output, &b.key, &b.value, b.timestamp_ms),
        ("b", &None, &None, Some(7))
    );
    assert_eq!(
        run.log,
        [(Level::Info, "attempt 1 at 1767225600000".to_owned())]
    );
}

#[test]
fn what_is_emitted_is_dropped_otherwise() {
    let mut echo = echo("1");
    for value in ["skip", "reject", "later"] {
        assert_eq!(echo.handle(message(value)).outputs, [], "{value}");
    }
    let Err(Failure::Retry(retry)) = echo.handle(message("later")).result else {
        panic!("a retry");
    };
    assert_eq!(retry.after_ms, Some(u32::MAX));
}

#[test]
fn the_same_record_has_the_same_seed() {
    let mut echo = echo("0");
    let mut seed = |offset| {
        let run = echo.handle(Message {
            offset,
            ..message("")
        });
        run.outputs[0].headers.clone()
    };
    assert_eq!(seed(1), seed(1));
    assert_ne!(seed(1), seed(2));
}

#[test]
#[should_panic(expected = "emit to output 2, which is not declared")]
fn an_undeclared_output_fails_the_test() {
    echo("1").handle(message("undeclared"));
}

#[test]
#[should_panic(expected = "reason code `Bad Code` is not [a-z0-9-]{1,64}")]
fn a_malformed_reason_code_fails_the_test() {
    echo("1").handle(message("bad code"));
}

#[test]
fn settings_are_checked_all_at_once() {
    let errors = Instance::<Echo>::new("texts", &[("mark", "?"), ("color", "red"), ("x", "")])
        .expect_err("refused");
    let errors: Vec<_> = errors
        .iter()
        .map(|error| (&*error.name, &*error.problem))
        .collect();
    let unknown = "unknown setting; this plugin knows: times, mark, colour";
    assert_eq!(
        errors,
        [
            ("color", unknown),
            ("x", unknown),
            ("times", "must be given: How often")
        ]
    );
    let errors = Instance::<Echo>::new("texts", &[("times", "two")]).expect_err("refused");
    assert_eq!(errors.len(), 1);
    assert_eq!(
        errors[0].problem,
        "`two` can't be read: invalid digit found in string"
    );
}

#[test]
#[should_panic(expected = "configure refused: [SettingError")]
fn run_needs_a_handler_without_required_settings() {
    run::<Echo>(message(""));
}

#[test]
fn the_last_header_of_a_name_counts() {
    let message = Message {
        headers: vec![
            Header::new("a", "1"),
            Header::new("a", "2"),
            Header {
                name: "null".to_owned(),
                value: None,
            },
        ],
        ..message("")
    };
    assert_eq!(message.header("a"), Some(Some(&b"2"[..])));
    assert_eq!(message.header("null"), Some(None));
    assert_eq!(message.header("A"), None);
}

#[test]
fn headers_come_only_when_asked_for() {
    #[derive(Debug)]
    struct Count<const WANTED: bool>;
    impl<const WANTED: bool> Handler for Count<WANTED> {
        fn describe() -> Description {
            let description = Description::new("count", "1").output(A);
            match WANTED {
                true => description.with_headers(),
                false => description,
            }
        }
        fn configure(_: &str, _: &Settings) -> Result<Self, Vec<SettingError>> {
            Ok(Count)
        }
        fn handle(&mut self, message: Message) -> Result<Outcome, Failure> {
            A.emit(None, message.headers.len().to_string());
            Ok(Outcome::Done)
        }
    }
    let message = Message {
        headers: vec![Header::new("a", "1")],
        ..message("")
    };
    assert_eq!(
        run::<Count<true>>(message.clone()).outputs[0].value_str(),
        "1"
    );
    assert_eq!(run::<Count<false>>(message).outputs[0].value_str(), "0");
}
