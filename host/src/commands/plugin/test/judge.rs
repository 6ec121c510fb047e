//! What is said of a case that was run. A decision alone, apart from files and terminals.

use std::time::Duration;

use penstock_core::verdict::Failure;

use crate::trial::case::{Case, Passes};
use crate::trial::outcome::{Outcome, failure};
use crate::trial::{Delivery, Line, Pass};

/// A case that was run.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// What is not as it must be.
    pub problems: Vec<Problem>,
    /// How many records it has.
    pub records: usize,
    /// The handler's time for all of them, on one instance.
    pub time: Duration,
    /// The most memory of an instance, in bytes.
    pub memory_bytes: u64,
    /// Keys, values and headers of all outputs.
    pub output_bytes: usize,
    /// Whether its expectation was written anew.
    pub blessed: bool,
}

/// Something that is not as it must be.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// Nobody has said what must come out.
    NothingExpected,
    /// There are not as many lines as records.
    OtherCount {
        /// How many records there are.
        records: usize,
        /// How many are expected to come to something.
        expected: usize,
    },
    /// A record came to something else.
    Unexpected {
        /// The line of the record in its file.
        line: usize,
        /// What was expected.
        expected: Outcome,
        /// What came, as far as the expectation speaks of it.
        found: Outcome,
        /// What else was said.
        said: Said,
    },
    /// A record did not come to the same on each way.
    Differs {
        /// The line of the record in its file.
        line: usize,
        /// The way that differs.
        pass: Pass,
        /// What came on fresh instances.
        fresh: Outcome,
        /// What came this way.
        found: Outcome,
        /// What else was said this way.
        said: Said,
    },
}

/// What no expectation holds a handler to, and helps to find out why.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// What failed, in full, with its trace.
    pub why: Option<String>,
    /// What the handler logged in the last call.
    pub log: Vec<Line>,
}

impl Said {
    fn of(delivery: &Delivery) -> Said {
        let last = &delivery.last;
        Said {
            why: failure(&last.decision).map(Failure::text),
            log: last.log.clone(),
        }
    }
}

/// Holds what came out against what was expected, and the ways against each other.
pub(super) fn judge(case: &Case, passes: &Passes) -> Judged {
    let [fresh, reused, _] = passes;
    let mut problems = Vec::new();
    match &case.expected {
        None => problems.push(Problem::NothingExpected),
        Some(expected) => {
            if expected.len() != case.records.len() {
                problems.push(Problem::OtherCount {
                    records: case.records.len(),
                    expected: expected.len(),
                });
            }
            let lines = case.records.iter().map(|(line, _)| *line);
            let unexpected = lines.zip(expected).zip(fresh);
            problems.extend(unexpected.filter_map(|((line, expected), delivery)| {
                let found = Outcome::of(delivery).as_asked(expected);
                (found != *expected).then(|| Problem::Unexpected {
                    line,
                    expected: expected.clone(),
                    found,
                    said: Said::of(delivery),
                })
            }));
        }
    }
    for (index, (line, _)) in case.records.iter().enumerate() {
        problems.extend(differs(*line, passes, index));
    }
    let all = passes.iter().flatten();
    Judged {
        problems,
        records: case.records.len(),
        time: reused.iter().map(|of| of.time).sum(),
        memory_bytes: all.map(|of| of.memory_bytes).max().unwrap_or(0),
        output_bytes: fresh.iter().map(output_bytes).sum(),
        blessed: false,
    }
}

/// The first way on which a record came to something else than on fresh instances.
fn differs(line: usize, passes: &Passes, index: usize) -> Option<Problem> {
    let [fresh, others @ ..] = passes;
    let [_, other_passes @ ..] = Pass::ALL;
    let fresh = Outcome::of(&fresh[index]);
    other_passes.into_iter().zip(others).find_map(|(pass, of)| {
        let found = Outcome::of(&of[index]);
        (found != fresh).then(|| Problem::Differs {
            line,
            pass,
            fresh: fresh.clone(),
            found,
            said: Said::of(&of[index]),
        })
    })
}

fn output_bytes(delivery: &Delivery) -> usize {
    let records = delivery.last.outputs.iter().map(|of| &of.record);
    records
        .map(|record| {
            let headers = record.headers.iter();
            let headers = headers.map(|of| of.name.len() + of.value.as_ref().map_or(0, Vec::len));
            let key_value = [&record.key, &record.value];
            let lengths = key_value.into_iter().flatten().map(Vec::len);
            headers.sum::<usize>() + lengths.sum::<usize>()
        })
        .sum()
}
