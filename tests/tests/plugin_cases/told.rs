//! What a host tells of records, in the words of a case.

use std::collections::BTreeMap;

use anyhow::Result;
use penstock_tests::Host;
use serde_json::{Map, Value, json};

/// Where a record lies.
pub type Place = (String, i64, i64);

/// Of an expected outcome, what a host tells of it: of outputs how many, of a halt its code.
pub fn as_told(mut outcome: Value) -> Value {
    let Some(of) = outcome.as_object_mut() else {
        return outcome;
    };
    let outputs = of.remove("outputs");
    match of["verdict"].as_str() {
        Some("emitted") => {
            let count = outputs
                .as_ref()
                .and_then(Value::as_array)
                .map_or(0, Vec::len);
            of.insert("outputs".to_owned(), count.into());
        }
        Some("halted") => of.retain(|key, _| ["verdict", "code"].contains(&key.as_str())),
        _ => {}
    }
    outcome
}

/// What a host tells of the records' ends, in the words of a case.
pub fn told(host: &mut Host) -> Result<BTreeMap<Place, Value>> {
    let mut told = BTreeMap::new();
    let mut retries: BTreeMap<Place, Vec<Value>> = BTreeMap::new();
    let log = host.process().log();
    let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
    for line in whole.lines() {
        let line: Value = serde_json::from_str(line)?;
        let Some(place) = place(&line) else {
            continue;
        };
        let mut outcome = words(&line);
        match line["message"].as_str() {
            Some("retrying") => {
                outcome.insert("after-ms".to_owned(), line["again_in_ms"].clone());
                retries.entry(place).or_default().push(outcome.into());
            }
            Some(verdict @ ("emitted" | "skipped" | "dead-lettered")) => {
                outcome.insert("verdict".to_owned(), verdict.into());
                if verdict == "emitted" {
                    outcome.insert("outputs".to_owned(), line["outputs"].clone());
                }
                told.insert(place, Value::Object(outcome));
            }
            _ => {}
        }
    }
    for (place, retries) in retries {
        if let Some(outcome) = told.get_mut(&place) {
            outcome["retries"] = retries.into();
        }
    }
    for partition in host.status()?["partitions"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let waits = &partition["waits"];
        if waits["kind"] == "halted" {
            let code = waits["text"]
                .as_str()
                .and_then(|text| text.split(": ").next());
            let mut at = partition.clone();
            at["offset"] = waits["offset"].clone();
            told.extend(
                place(&at).map(|place| (place, json!({"verdict": "halted", "code": code}))),
            );
        }
    }
    Ok(told)
}

fn place(of: &Value) -> Option<Place> {
    let topic = of["topic"].as_str()?.to_owned();
    Some((topic, of["partition"].as_i64()?, of["offset"].as_i64()?))
}

/// Code, reason and text, as a case has them: the handler's own words, and no traces.
fn words(line: &Value) -> Map<String, Value> {
    let mut words = Map::new();
    let keep = |words: &mut Map<String, Value>, key: &str, of: &Value| {
        if !of.is_null() {
            words.insert(key.to_owned(), of.clone());
        }
    };
    keep(&mut words, "code", &line["code"]);
    keep(&mut words, "reason", &line["reason"]);
    if let (Some(reason), Some(text)) = (line["reason"].as_str(), line["text"].as_str())
        && !reason.starts_with("failed-")
    {
        let text = text.strip_prefix(&format!("{reason}: ")).unwrap_or(text);
        keep(&mut words, "text", &text.into());
    }
    words
}
