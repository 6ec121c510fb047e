//! The text of `/metrics`: OpenMetrics, which Prometheus reads.

use std::fmt;

use penstock_core::status::PartitionStatus;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::Metrics;
use super::labels::{findings, partition_labels, pause_labels};
use super::metrics::by_upper_bound_seconds;
use super::process::Usage;

pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Writes one scrape.
pub(super) fn text(metrics: Metrics, usage: Usage) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scrape { metrics, usage }));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Scrape {
    metrics: Metrics,
    usage: Usage,
}

impl Collector for Scrape {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut families = Families(encoder);
        self.deliveries(&mut families)?;
        self.calls(&mut families)?;
        self.partitions(&mut families)?;
        self.host(&mut families)
    }
}

impl Scrape {
    fn deliveries(&self, families: &mut Families<'_>) -> fmt::Result {
        let handlers = &self.metrics.status.handlers;
        families.counter(
            "penstock_deliveries_begun",
            "Deliveries (record x handler) given to a worker",
            handlers.iter().map(|of| {
                let labels = [("topic", &of.topic), ("handler", &of.handler)];
                (labels, of.ledger.begun)
            }),
        )?;
        families.counter(
            "penstock_deliveries",
            "Deliveries that ended, by verdict",
            handlers.iter().flat_map(|of| {
                [
                    ("emitted", of.ledger.emitted),
                    ("skipped", of.ledger.skipped),
                    ("dead-lettered", of.ledger.dead_lettered),
                    ("handed-back", of.ledger.handed_back),
                ]
                .map(|(verdict, count)| {
                    let (topic, handler) = (of.topic.as_str(), of.handler.as_str());
                    let labels = [("topic", topic), ("handler", handler), ("verdict", verdict)];
                    (labels, count)
                })
            }),
        )?;
        families.gauge(
            "penstock_deliveries_open",
            "Deliveries begun and without a verdict",
            handlers.iter().map(|of| {
                let labels = [("topic", &of.topic), ("handler", &of.handler)];
                (labels, of.ledger.open)
            }),
        )
    }

    fn calls(&self, families: &mut Families<'_>) -> fmt::Result {
        let mut family = families.0.encode_descriptor(
            "penstock_handler_call_seconds",
            "Time of one call of a handler's guest",
            None,
            MetricType::Histogram,
        )?;
        for of in &self.metrics.calls {
            let labels = [("topic", &of.topic), ("handler", &of.handler)];
            family
                .encode_family(&labels)?
                .encode_histogram::<NoLabelSet>(
                    of.times.sum_ns as f64 / 1e9,
                    of.times.count,
                    &by_upper_bound_seconds(&of.times),
                    None,
                )?;
        }
        Ok(())
    }

    fn partitions(&self, families: &mut Families<'_>) -> fmt::Result {
        let mut gauge = |name, help, value: fn(&PartitionStatus) -> Option<i64>| {
            let samples = self.metrics.status.partitions.iter();
            families.gauge(
                name,
                help,
                samples.filter_map(|of| Some((partition_labels(of), value(of)?))),
            )
        };
        gauge(
            "penstock_lag_records",
            "Records from the position to the end of the log; absent while unknown",
            |of| of.lag,
        )?;
        gauge(
            "penstock_position_offset",
            "The next offset to commit: all before it is finished",
            |of| Some(of.position),
        )?;
        gauge(
            "penstock_committed_offset",
            "The last committed next offset; absent before the first commit",
            |of| of.committed,
        )?;
        gauge(
            "penstock_unfinished_records",
            "Records fetched and not finished",
            |of| i64::try_from(of.unfinished).ok(),
        )?;
        gauge(
            "penstock_buffered_bytes",
            "Bytes of records fetched and not finished",
            |of| i64::try_from(of.buffered_bytes).ok(),
        )?;
        gauge(
            "penstock_parked_keys",
            "Keys that wait for a retry while the others go on",
            |of| i64::try_from(of.parked.as_ref().map_or(0, |of| of.keys)).ok(),
        )?;
        gauge(
            "penstock_parked_records",
            "Records of parked keys: those tried again, and later ones behind them",
            |of| i64::try_from(of.parked.as_ref().map_or(0, |of| of.records)).ok(),
        )?;
        families.gauge(
            "penstock_parked_seconds",
            "For how long a parked record has been tried, at most; absent when none is parked",
            self.metrics.status.partitions.iter().filter_map(|of| {
                Some((
                    partition_labels(of),
                    of.parked.as_ref()?.for_ms as f64 / 1e3,
                ))
            }),
        )?;
        families.gauge(
            "penstock_oldest_open_seconds",
            "Age of the oldest delivery that is begun, open and not parked; absent when none is",
            self.metrics
                .status
                .partitions
                .iter()
                .filter_map(|of| Some((partition_labels(of), of.oldest_open_ms? as f64 / 1e3))),
        )?;
        families.gauge(
            "penstock_partition_waiting",
            "1 for each partition that waits, with what for",
            self.metrics.status.partitions.iter().filter_map(|of| {
                let waits = of.waits.as_ref()?;
                let labels = [
                    ("topic", of.topic.clone()),
                    ("partition", of.partition.to_string()),
                    ("kind", waits.kind.clone()),
                    ("code", waits.code.clone().unwrap_or_default()),
                ];
                Some((labels, 1u64))
            }),
        )
    }

    /// None of them at least once.
    fn transactions(&self, families: &mut Families<'_>) -> fmt::Result {
        let Some(of) = &self.metrics.status.transactions else {
            return Ok(());
        };
        families.counter(
            "penstock_transactions",
            "Transactions that ended, by how",
            [("committed", of.committed), ("aborted", of.aborted)]
                .map(|(outcome, count)| ([("outcome", outcome)], count)),
        )?;
        families.gauge(
            "penstock_transaction_open_seconds",
            "Age of the open transaction; absent when none is",
            of.open_ms
                .map(|ms| ([("id", of.id.clone())], ms as f64 / 1e3)),
        )
    }

    fn host(&self, families: &mut Families<'_>) -> fmt::Result {
        let status = &self.metrics.status;
        let assigned = status.partitions.len() as u64;
        families.one_gauge(
            "penstock_assigned_partitions",
            "Partitions that this host has",
            assigned,
        )?;
        families.gauge(
            "penstock_pause_until_timestamp_seconds",
            "When each pause on purpose ends, in seconds since 1970",
            status.pauses.iter().filter_map(|of| {
                let until: jiff::Timestamp = of.until.parse().ok()?;
                Some((pause_labels(&of.what), until.as_second()))
            }),
        )?;
        families.gauge(
            "penstock_condition",
            "1 for each condition that holds: something is wrong, see its code",
            status.conditions.iter().map(|of| {
                let labels = [("code", &of.code), ("subject", &of.subject)];
                (labels, 1u64)
            }),
        )?;
        families.gauge(
            "penstock_finding",
            "1 for each partition, or other subject, that something keeps from being processed",
            findings(status).into_iter().map(|of| (of, 1u64)),
        )?;
        self.transactions(families)?;
        families.one_counter(
            "penstock_healings",
            "Partitions that the watchdog put to where they stood, or to their first record",
            status.healings as f64,
        )?;
        families.one_counter(
            "penstock_watchdog_looks",
            "Looks of the watchdog that the brokers answered; one every ten seconds",
            status.watchdog_looks as f64,
        )?;
        families.one_counter(
            "process_cpu_seconds",
            "User and system time of the process",
            self.usage.cpu_seconds,
        )?;
        match self.usage.resident_bytes {
            None => Ok(()),
            Some(bytes) => families.one_gauge(
                "process_resident_memory_bytes",
                "Resident memory of the process",
                bytes,
            ),
        }
    }
}

/// Writes a family from its samples, in their order.
struct Families<'a>(DescriptorEncoder<'a>);

impl Families<'_> {
    fn counter<L: EncodeLabelSet, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let mut family = self
            .0
            .encode_descriptor(name, help, None, MetricType::Counter)?;
        samples.into_iter().try_for_each(|(labels, value)| {
            family
                .encode_family(&labels)?
                .encode_counter::<NoLabelSet, V, u64>(&value, None)
        })
    }

    fn one_counter(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        self.0
            .encode_descriptor(name, help, None, MetricType::Counter)?
            .encode_counter::<NoLabelSet, f64, u64>(&value, None)
    }

    fn one_gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.0
            .encode_descriptor(name, help, None, MetricType::Gauge)?
            .encode_gauge(&value)
    }

    fn gauge<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let mut family = self
            .0
            .encode_descriptor(name, help, None, MetricType::Gauge)?;
        samples
            .into_iter()
            .try_for_each(|(labels, value)| family.encode_family(&labels)?.encode_gauge(&value))
    }
}

#[cfg(test)]
mod tests {
    use super::super::View;
    use super::super::fake::Fake;
    use super::*;

    fn scrape() -> String {
        let fake = Fake {
            ready: Ok(()),
            live: true,
        };
        let usage = Usage {
            resident_bytes: Some(52_428_800),
            cpu_seconds: 1.5,
        };
        text(fake.metrics(), usage).expect("it is written")
    }

    #[test]
    fn a_scrape_is_as_the_golden_file_has_it() {
        assert_eq!(scrape(), include_str!("exposition.golden"));
    }

    #[test]
    fn the_ledger_balances_within_one_scrape() {
        let sum = |name: &str| -> u64 {
            scrape()
                .lines()
                .filter(|line| line.starts_with(&format!("{name}{{")))
                .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
                .sum()
        };
        let begun = sum("penstock_deliveries_begun_total");
        assert!(begun > 0);
        let ended = sum("penstock_deliveries_total");
        assert_eq!(begun, ended + sum("penstock_deliveries_open"));
    }

    #[test]
    fn labels_are_escaped() {
        let fake = Fake {
            ready: Ok(()),
            live: true,
        };
        let mut metrics = fake.metrics();
        metrics.status.conditions[0].subject = "a\"b\\c\nd".to_owned();
        let text = text(metrics, super::super::process::usage()).expect("it is written");
        assert!(text.contains(r#"subject="a\"b\\c\nd"} 1"#), "{text}");
    }
}
