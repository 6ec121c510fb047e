//! What came of a record, in the one shape in which test cases expect it.
//!
//! ```json
//! {"verdict":"emitted","outputs":[{"output":"access-granted","record":{"key":"u7","value":"…","headers":[]}}]}
//! {"verdict":"dead-lettered","code":"PSK-H002","reason":"invalid-event","text":"…","outputs":[]}
//! ```
//!
//! | field | | left out, it is |
//! |---|---|---|
//! | `verdict` | `emitted`, `skipped`, `dead-lettered`, `halted`, or `retried` where there was no end of it | required |
//! | `outputs` | what was emitted, in order: the plugin's name of the `output`, and the `record` | none |
//! | `code` | of the failure | not compared |
//! | `reason` | the handler's reason code | not compared |
//! | `text` | the handler's words | not compared |
//! | `retries` | each retry before: `after-ms`, `code`, `reason`, `text` | not compared |
//!
//! Of an output's record, `timestamp` is compared if it is given; `topic`, `partition` and `offset`
//! are the host's business, and are not.

use penstock_core::decide::Decision;
use penstock_core::verdict::Failure;
use serde::{Deserialize, Serialize};

use super::{Delivery, TriedOutput};
use crate::record_json::RecordJson;

/// What came of a record, or is expected to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "an object"
)]
pub struct Outcome {
    /// What the host makes of the record.
    pub verdict: Verdict,
    /// The code of the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The handler's reason code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The handler's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What went before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<Vec<Retry>>,
    /// What was emitted.
    #[serde(default)]
    pub outputs: Vec<Output>,
}

/// How a delivery ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Its outputs are sent.
    Emitted,
    /// There was nothing to do.
    Skipped,
    /// It does not: the handler asks for retries without end.
    Retried,
    /// It goes to the dead-letter topic.
    DeadLettered,
    /// Its partition stops.
    Halted,
}

/// A call after which the handler was to be called again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Retry {
    /// After so many milliseconds, as the policy has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<u64>,
    /// The code of the failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The handler's reason code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The handler's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A message that was emitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The plugin's name of the output.
    pub output: String,
    /// The message.
    pub record: RecordJson,
}

impl Verdict {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Emitted => "emitted",
            Verdict::Skipped => "skipped",
            Verdict::Retried => "retried",
            Verdict::DeadLettered => "dead-lettered",
            Verdict::Halted => "halted",
        }
    }
}

impl From<&Decision> for Verdict {
    fn from(decision: &Decision) -> Verdict {
        match decision {
            Decision::Emit { .. } => Verdict::Emitted,
            Decision::Skip(_) => Verdict::Skipped,
            Decision::Again { .. } => Verdict::Retried,
            Decision::DeadLetter(_) => Verdict::DeadLettered,
            Decision::Halt(_) => Verdict::Halted,
        }
    }
}

/// What failed, where something did.
pub fn failure(decision: &Decision) -> Option<&Failure> {
    match decision {
        Decision::Emit { .. } | Decision::Skip(_) => None,
        Decision::Again { why, .. } | Decision::DeadLetter(why) | Decision::Halt(why) => Some(why),
    }
}

impl Outcome {
    /// With all that is the handler's own: traces and the like are left out, since they change
    /// with every line of its source.
    pub fn of(delivery: &Delivery) -> Outcome {
        let decision = &delivery.last.decision;
        let failed = failure(decision);
        let (reason, text) = match (decision, failed) {
            (Decision::Skip(why), _) => {
                // A failure that the policy skips, which may have a trace.
                let own = !why.code.starts_with("failed-");
                (Some(why.code.clone()), own.then(|| why.text.clone()))
            }
            (_, Some(failed)) => own_words(failed),
            _ => (None, None),
        };
        let retry = |(after, why): &(std::time::Duration, Failure)| {
            let (reason, text) = own_words(why);
            Retry {
                after_ms: u64::try_from(after.as_millis()).ok(),
                code: Some(why.code().to_string()),
                reason,
                text,
            }
        };
        let retries: Vec<Retry> = delivery.retries.iter().map(retry).collect();
        Outcome {
            verdict: decision.into(),
            code: failed.map(|failed| failed.code().to_string()),
            reason,
            text,
            retries: (!retries.is_empty()).then_some(retries),
            outputs: delivery.last.outputs.iter().map(Output::of).collect(),
        }
    }

    /// The same without what `expected` does not speak of, to be compared with it.
    pub fn as_asked(&self, expected: &Outcome) -> Outcome {
        let retries = match (&self.retries, &expected.retries) {
            (_, None) => None,
            (of, Some(expected)) => {
                let of = of.iter().flatten().enumerate();
                Some(
                    of.map(|(index, of)| of.as_asked(expected.get(index)))
                        .collect(),
                )
            }
        };
        let outputs = self.outputs.iter().enumerate();
        Outcome {
            verdict: self.verdict,
            code: asked(&self.code, &expected.code),
            reason: asked(&self.reason, &expected.reason),
            text: asked(&self.text, &expected.text),
            retries,
            outputs: outputs
                .map(|(index, of)| of.as_asked(expected.outputs.get(index)))
                .collect(),
        }
    }

    /// Without what an expectation can't hold a handler to.
    pub fn without_places(mut self) -> Outcome {
        for output in &mut self.outputs {
            let record = &mut output.record;
            (record.topic, record.partition, record.offset) = (None, None, None);
        }
        self
    }
}

impl Retry {
    fn as_asked(&self, expected: Option<&Retry>) -> Retry {
        let Some(expected) = expected else {
            return self.clone();
        };
        Retry {
            after_ms: expected.after_ms.and(self.after_ms),
            code: asked(&self.code, &expected.code),
            reason: asked(&self.reason, &expected.reason),
            text: asked(&self.text, &expected.text),
        }
    }
}

impl Output {
    fn of(of: &TriedOutput) -> Output {
        Output {
            output: of.name.clone(),
            record: RecordJson {
                topic: None,
                ..of.record.clone()
            },
        }
    }

    fn as_asked(&self, expected: Option<&Output>) -> Output {
        let mut of = self.clone();
        if expected.is_some_and(|expected| expected.record.timestamp.is_none()) {
            of.record.timestamp = None;
        }
        of
    }
}

fn asked(of: &Option<String>, expected: &Option<String>) -> Option<String> {
    expected.as_ref().and_then(|_| of.clone())
}

/// The handler's reason code and text, where the failure is of its own making.
fn own_words(failed: &Failure) -> (Option<String>, Option<String>) {
    match failed {
        Failure::Retry { why, .. } | Failure::Reject(why) => {
            (Some(why.code.clone()), Some(why.text.clone()))
        }
        _ => (None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Outcome {
        serde_json::from_str(line).expect("an outcome")
    }

    const FULL: &str = r#"{"verdict":"dead-lettered","code":"PSK-H001","reason":"busy","text":"t",
        "retries":[{"after-ms":100,"code":"PSK-H001","reason":"busy","text":"t"}],"outputs":[]}"#;

    #[test]
    fn what_is_left_out_is_not_compared() {
        let full = read(FULL);
        for expected in [
            r#"{"verdict":"dead-lettered"}"#,
            r#"{"verdict":"dead-lettered","reason":"busy"}"#,
            r#"{"verdict":"dead-lettered","retries":[{}]}"#,
            r#"{"verdict":"dead-lettered","retries":[{"after-ms":100}],"text":"t"}"#,
            FULL,
        ] {
            let expected = read(expected);
            assert_eq!(full.as_asked(&expected), expected);
        }
        for wrong in [
            r#"{"verdict":"halted"}"#,
            r#"{"verdict":"dead-lettered","reason":"other"}"#,
            r#"{"verdict":"dead-lettered","retries":[]}"#,
            r#"{"verdict":"dead-lettered","retries":[{},{}]}"#,
            r#"{"verdict":"dead-lettered","retries":[{"after-ms":101}]}"#,
        ] {
            let wrong = read(wrong);
            assert_ne!(full.as_asked(&wrong), wrong);
        }
    }

    #[test]
    fn outputs_are_always_compared_and_their_time_if_it_is_given() {
        let full = read(
            r#"{"verdict":"emitted","outputs":[{"output":"o","record":
            {"key":"k","value":"v","timestamp":"2026-01-01T10:00:00.000Z"}}]}"#,
        );
        let with = |record: &str| {
            let line = format!(
                r#"{{"verdict":"emitted","outputs":[{{"output":"o","record":{record}}}]}}"#
            );
            read(&line)
        };
        let same = |expected: Outcome| full.as_asked(&expected) == expected;
        assert!(same(with(r#"{"key":"k","value":"v"}"#)));
        assert!(same(with(
            r#"{"key":"k","value":"v","timestamp":1767261600000}"#
        )));
        assert!(!same(with(r#"{"key":"k","value":"v","timestamp":1}"#)));
        assert!(!same(with(r#"{"value":"v"}"#)));
        assert!(!same(with(r#"{"key":"k","value":null}"#)));
        assert!(!same(read(r#"{"verdict":"emitted"}"#)));
        let placed = with(r#"{"topic":"t","partition":1,"offset":2,"key":"k","value":"v"}"#);
        assert!(same(placed.without_places()));
    }

    #[test]
    fn an_unknown_field_is_a_mistake() {
        for wrong in [
            r#"{"verdict":"emitted","output":[]}"#,
            r#"{"verdict":"fine"}"#,
            r#"{"outputs":[]}"#,
            r#"{"verdict":"emitted","outputs":[{"output":"o"}]}"#,
        ] {
            assert!(serde_json::from_str::<Outcome>(wrong).is_err(), "{wrong}");
        }
    }
}
