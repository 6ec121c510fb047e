//! `/metrics`, parsed.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use penstock_tests::Host;

type Labels = BTreeMap<String, String>;

/// One scrape.
pub struct Scrape(Vec<(String, Labels, f64)>);

/// A handler's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ledger {
    pub begun: u64,
    pub ended: u64,
    pub open: u64,
}

impl Scrape {
    /// Asks a host.
    pub fn of(host: &Host) -> Result<Scrape> {
        let text = host.metrics()?;
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let samples: Result<_> = lines
            .map(|line| sample(line).with_context(|| format!("no sample: `{line}`")))
            .collect();
        Ok(Scrape(samples?))
    }

    /// The samples of this name that carry these labels.
    pub fn all<'a>(
        &'a self,
        name: &'a str,
        labels: &'a [(&str, &str)],
    ) -> impl Iterator<Item = (&'a Labels, f64)> {
        self.0
            .iter()
            .filter(move |(found, _, _)| found == name)
            .filter(move |(_, found, _)| {
                labels
                    .iter()
                    .all(|(key, value)| found.get(*key).is_some_and(|found| found == value))
            })
            .map(|(_, labels, value)| (labels, *value))
    }

    /// The one sample of this name that carries these labels.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let mut found = self.all(name, labels).map(|(_, value)| value);
        let value = found.next()?;
        assert!(found.next().is_none(), "several {name} with {labels:?}");
        Some(value)
    }

    /// The account of a handler, over all its topics.
    pub fn ledger(&self, handler: &str) -> Ledger {
        let sum = |name: &str| {
            let of = [("handler", handler)];
            let values = self.all(name, &of).map(|(_, value)| value as u64);
            values.sum()
        };
        Ledger {
            begun: sum("penstock_deliveries_begun_total"),
            ended: sum("penstock_deliveries_total"),
            open: sum("penstock_deliveries_open"),
        }
    }
}

/// `name{label="value",…} number`; no label value of the host's has a quote in it.
fn sample(line: &str) -> Option<(String, Labels, f64)> {
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.strip_suffix('}')?;
    let labels = labels.split("\",").filter(|pair| !pair.is_empty());
    let labels: Option<Labels> = labels
        .map(|pair| {
            let (key, value) = pair.split_once("=\"")?;
            Some((key.to_owned(), value.trim_end_matches('"').to_owned()))
        })
        .collect();
    Some((name.to_owned(), labels?, value.parse().ok()?))
}
