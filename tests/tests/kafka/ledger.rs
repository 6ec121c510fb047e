//! The ledger balances whenever it is read, and what the admin listener says makes sense.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use penstock_tests::{Host, HostConfig, Outgoing, Producer, eventually, plugin, unique};

use crate::support::{Line, SOON, Scrape, Watch};

/// A part of everything that can happen to a record.
const COMMANDS: [&str; 8] = [
    "ok",
    "skip",
    "ok",
    "reject",
    "ok",
    "retry-until 2",
    "outputs 3",
    "emit-then-skip",
];

#[test]
fn every_scrape_under_load_balances() -> Result<()> {
    const RECORDS: u64 = 12_000;
    let line = Line::new("balance", 4)?;
    let other = format!("{}.other", line.output);
    line.client.create_topic(&other, 2, &[])?;
    let producer = Producer::new(line.client.bootstrap())?;
    for number in 0..RECORDS {
        let record = Outgoing::to(&line.input).key(format!("k{}", number % 50));
        producer.send(&record.value(COMMANDS[number as usize % COMMANDS.len()]))?;
    }
    producer.flush()?;
    let config = line
        .loaded("h1", "classic")?
        .set(&["handlers", "unruly", "retry", "backoff"], "1ms..2ms")
        .handler("second", &plugin("unruly")?, &[("out", &other)])
        .set(&["handlers", "second", "retry", "backoff"], "1ms..2ms")
        .set(
            &["topics", &line.input, "handlers"],
            vec!["unruly".to_owned(), "second".to_owned()],
        );
    let mut host = Host::start(&config)?;
    host.ready(SOON)?;
    let mut before: BTreeMap<String, f64> = BTreeMap::new();
    let mut partial = 0;
    eventually("all is committed", SOON, || {
        let scrape = Scrape::of(&host)?;
        for handler in ["unruly", "second"] {
            let ledger = scrape.ledger(handler);
            assert_eq!(ledger.begun, ledger.ended + ledger.open, "{ledger:?}");
            partial += usize::from(ledger.begun > 0 && ledger.ended < RECORDS);
        }
        for name in [
            "penstock_deliveries_begun_total",
            "penstock_deliveries_total",
            "penstock_position_offset",
            "penstock_committed_offset",
        ] {
            for (labels, value) in scrape.all(name, &[]) {
                let latest = before.entry(format!("{name} {labels:?}")).or_default();
                assert!(
                    *latest <= value,
                    "{name} {labels:?}: {latest}, then {value}"
                );
                *latest = value;
            }
        }
        for partition in ["0", "1", "2", "3"] {
            let of = [("partition", partition)];
            let Some(position) = scrape.value("penstock_position_offset", &of) else {
                continue;
            };
            let committed = scrape.value("penstock_committed_offset", &of);
            assert!(committed.is_none_or(|committed| committed <= position));
            let lag = scrape.value("penstock_lag_records", &of);
            assert!(lag.is_none_or(|lag| lag >= 0.0));
        }
        line.is_caught_up()
    });
    assert!(partial > 0, "no scrape fell into the load");

    let part = RECORDS / COMMANDS.len() as u64;
    let scrape = Scrape::of(&host)?;
    for handler in ["unruly", "second"] {
        let verdict = |verdict: &str| {
            let labels = [("handler", handler), ("verdict", verdict)];
            let value = scrape.value("penstock_deliveries_total", &labels);
            value.map(|value| value as u64)
        };
        assert_eq!(verdict("emitted"), Some(5 * part), "{handler}");
        assert_eq!(verdict("skipped"), Some(2 * part), "{handler}");
        assert_eq!(verdict("dead-lettered"), Some(part), "{handler}");
        assert_eq!(verdict("handed-back"), Some(0), "{handler}");
        assert_eq!(scrape.ledger(handler).open, 0, "{handler}");
    }
    // What was emitted and dead-lettered lies in the topics, no more and no less.
    assert_eq!(line.client.count(&line.output)? as u64, 7 * part);
    assert_eq!(line.client.count(&other)? as u64, 7 * part);
    assert_eq!(line.client.count(&line.dead)? as u64, 2 * part);
    eventually("there is no lag", SOON, || {
        let scrape = Scrape::of(&host)?;
        let lags: Vec<f64> = scrape
            .all("penstock_lag_records", &[])
            .map(|(_, lag)| lag)
            .collect();
        ensure!(lags == [0.0; 4], "{lags:?}");
        Ok(())
    });
    let status = host.status()?;
    for (partition, (_, end)) in line.client.watermarks(&line.input)? {
        let shown = host.partition(&line.input, partition)?;
        for item in ["position", "committed", "end"] {
            assert_eq!(shown[item], end, "{item} in {status:#}");
        }
        assert_eq!(shown["unfinished"], 0);
        assert_eq!(shown["oldest-open-ms"], serde_json::Value::Null);
    }
    host.stop()
}

#[test]
fn without_kafka_a_host_lives_is_not_ready_and_says_why() -> Result<()> {
    // Nothing listens there.
    let nowhere = "127.0.0.1:9";
    let group = unique("nowhere");
    let config = HostConfig::new(nowhere, &group, "h1")
        .protocol("classic")
        .handler("unruly", &plugin("unruly")?, &[("out", "out")])
        .topic("in", &["unruly"], "earliest", None);
    let host = Host::start(&config)?;
    eventually("the condition holds", SOON, || host.condition("PSK-K001"));
    assert_eq!(host.get("/healthz")?.0, 200);
    let (code, why) = host.get("/readyz")?;
    assert_eq!(code, 503);
    assert!(why.contains("PSK-K001"), "{why}");
    assert_eq!(host.status()?["state"], "starting");
    // It can be stopped in an orderly way, too.
    host.stop()
}

#[test]
fn a_host_without_partitions_is_on_standby_and_ready() -> Result<()> {
    let line = Line::new("standby", 1)?;
    let mut first = Host::start(&line.unruly("h1", "classic")?)?;
    first.ready(SOON)?;
    let mut second = Host::start(&line.unruly("h2", "classic")?)?;
    second.ready(SOON)?;
    eventually("one has the partition, the other none", SOON, || {
        let members = line.client.classic_members(&line.group)?;
        ensure!(members.len() == 2, "{members:?}");
        let shares = (first.assigned()?, second.assigned()?);
        ensure!(shares == (1, 0) || shares == (0, 1), "{shares:?}");
        let idle = if shares.0 == 0 { &first } else { &second };
        let status = idle.status()?;
        ensure!(status["state"] == "standby", "{status}");
        assert_eq!(idle.get("/readyz")?.0, 200);
        Ok(())
    });
    second.stop()?;
    first.stop()
}
