//! The results of the cases, for programs: one JSON object a case.

use serde_json::{Value, json};

use super::Tested;
use super::judge::{Judged, Problem, Said};
use crate::escape;
use crate::trial::Pass;
use crate::trial::case::Unusable;

/// One case, on a line.
pub(super) fn case(of: &Tested) -> String {
    let mut case = match &of.outcome {
        Ok(judged) => judged_json(judged),
        Err(Unusable::File(why)) => json!({ "ok": false, "error": why }),
        Err(Unusable::Configuration(report)) => json!({
            "ok": false,
            "error": "its configuration is wrong",
            "diagnostics": report.to_json(),
        }),
    };
    case["case"] = of.name.as_str().into();
    escape::json(&case.to_string()) + "\n"
}

fn judged_json(of: &Judged) -> Value {
    json!({
        "ok": of.problems.is_empty(),
        "blessed": of.blessed,
        "records": of.records,
        "time-us": of.time.as_micros() as u64,
        "memory-bytes": of.memory_bytes,
        "output-bytes": of.output_bytes,
        "problems": of.problems.iter().map(problem).collect::<Vec<_>>(),
    })
}

fn problem(of: &Problem) -> Value {
    match of {
        Problem::NothingExpected => json!({ "kind": "nothing-expected" }),
        Problem::OtherCount { records, expected } => json!({
            "kind": "other-count",
            "records": records,
            "expected": expected,
        }),
        Problem::Unexpected {
            line,
            expected,
            found,
            said,
        } => with(
            said,
            json!({
                "kind": "unexpected",
                "line": line,
                "expected": expected,
                "found": found,
            }),
        ),
        Problem::Differs {
            line,
            pass,
            fresh,
            found,
            said,
        } => with(
            said,
            json!({
                "kind": "not-deterministic",
                "line": line,
                "pass": match pass {
                    Pass::Fresh => "fresh",
                    Pass::Reused => "reused",
                    Pass::Reverse => "reverse",
                },
                "expected": fresh,
                "found": found,
            }),
        ),
    }
}

fn with(said: &Said, mut problem: Value) -> Value {
    problem["log"] = json!(said.log);
    if let Some(why) = &said.why {
        problem["why"] = why.as_str().into();
    }
    problem
}
