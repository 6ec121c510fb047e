//! What a running host says of itself: `/status`, and its log.

use anyhow::{Context, Result, ensure};
use penstock_tests::Host;
use serde_json::Value;

/// Questions to a host; an error is "not yet", for `eventually`.
pub trait Watch {
    /// A partition as `/status` shows it.
    fn partition(&self, topic: &str, number: i32) -> Result<Value>;

    /// What the partition waits for, which must be of this kind.
    fn waits(&self, topic: &str, number: i32, kind: &str) -> Result<Value>;

    /// A condition that holds.
    fn condition(&self, code: &str) -> Result<Value>;

    /// How many partitions the host has.
    fn assigned(&self) -> Result<usize>;

    /// An item of the account of a handler and topic, such as `emitted`.
    fn account(&self, topic: &str, handler: &str, item: &str) -> Result<u64>;
}

impl Watch for Host {
    fn partition(&self, topic: &str, number: i32) -> Result<Value> {
        let status = self.status()?;
        let found = array(&status, "partitions")
            .iter()
            .find(|one| one["topic"] == topic && one["partition"] == number);
        found
            .cloned()
            .with_context(|| format!("no {topic}[{number}] in {status}"))
    }

    fn waits(&self, topic: &str, number: i32, kind: &str) -> Result<Value> {
        let waits = self.partition(topic, number)?["waits"].clone();
        ensure!(waits["kind"] == kind, "it waits for {waits}");
        Ok(waits)
    }

    fn condition(&self, code: &str) -> Result<Value> {
        let status = self.status()?;
        let found = array(&status, "conditions")
            .iter()
            .find(|one| one["code"] == code);
        found
            .cloned()
            .with_context(|| format!("no {code} in {}", status["conditions"]))
    }

    fn assigned(&self) -> Result<usize> {
        Ok(array(&self.status()?, "partitions").len())
    }

    fn account(&self, topic: &str, handler: &str, item: &str) -> Result<u64> {
        let status = self.status()?;
        let found = array(&status, "handlers")
            .iter()
            .find(|one| one["topic"] == topic && one["handler"] == handler)
            .with_context(|| format!("no {handler} of {topic} in {status}"))?;
        let value = match item {
            "calls" => &found["calls"],
            _ => &found["ledger"][item],
        };
        value
            .as_u64()
            .with_context(|| format!("no `{item}` in {found}"))
    }
}

fn array<'a>(status: &'a Value, key: &str) -> &'a [Value] {
    status[key].as_array().map_or(&[], Vec::as_slice)
}

/// The host's log so far; each line is to be JSON, but for one that is being written.
pub fn log_lines(host: &mut Host) -> Vec<Value> {
    let log = host.process().log();
    let whole = log
        .rsplit_once('\n')
        .map_or(String::new(), |(whole, _)| whole.to_owned());
    whole
        .lines()
        .map(|line| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in `{line}`"))
        })
        .collect()
}
