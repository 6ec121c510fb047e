//! Keys that wait by themselves, and lanes, on a real broker.

use anyhow::{Context, Result, ensure};
use penstock_tests::{Broker, BrokerOptions, Host, HostConfig, eventually};

use crate::support::{Account, Flow, Line, Load, SOON, Scrape, Watch, log_lines};

fn by_key(line: &Line, attempts: i64) -> Result<HostConfig> {
    let retry = |key| ["handlers", "unruly", "retry", key];
    Ok(line
        .unruly("h1", "classic")?
        .set(&retry("mode"), "key")
        .set(&retry("attempts"), attempts)
        .set(&retry("backoff"), "100ms..100ms"))
}

/// Whether this is parked of the input's first partition; for `eventually`.
fn is_parked(host: &Host, line: &Line, keys: u64, records: u64) -> Result<()> {
    let parked = host.partition(&line.input, 0)?["parked"].clone();
    let is = parked["keys"] == keys && parked["records"] == records;
    ensure!(is, "parked: {parked}");
    Ok(())
}

#[test]
fn a_poisoned_key_costs_the_others_nothing_and_no_redo_after_a_sigkill() -> Result<()> {
    let line = Line::new("parked", 1)?;
    line.send_keyed(
        0,
        &[
            ("sick", "retry"),
            ("a", "ok a1"),
            ("sick", "ok behind"),
            ("b", "ok b1"),
            ("a", "ok a2"),
        ],
    )?;
    let mut host = Host::start(&by_key(&line, 1_000_000)?)?;
    eventually("the others are through", SOON, || {
        let outputs = line.outputs()?;
        ensure!(outputs == ["ok a1", "ok b1", "ok a2"], "{outputs:?}");
        is_parked(&host, &line, 1, 2)
    });
    let parked = host.partition(&line.input, 0)?["parked"].clone();
    assert_eq!(
        (&parked["offset"], &parked["code"]),
        (&0.into(), &"PSK-H001".into())
    );
    let scrape = Scrape::of(&host)?;
    assert_eq!(scrape.value("penstock_parked_records", &[]), Some(2.0));
    eventually("what is finished beyond it is committed", SOON, || {
        let metadata = line.client.metadata(&line.group, &line.input, 0)?;
        ensure!(metadata.ends_with(" 0 1,3-4"), "`{metadata}`");
        Ok(())
    });
    host.kill()?;
    assert_eq!(
        line.client.committed(&line.group, &line.input)?[&0],
        Some(0)
    );

    // None of the others is done again.
    line.send_keyed(0, &[("sick", "ok last"), ("c", "ok c1")])?;
    let mut host = Host::start(&by_key(&line, 1_000_000)?)?;
    eventually("what is new is through", SOON, || {
        let outputs = line.outputs()?;
        ensure!(
            outputs == ["ok a1", "ok b1", "ok a2", "ok c1"],
            "{outputs:?}"
        );
        is_parked(&host, &line, 1, 3)
    });
    let log = log_lines(&mut host);
    let told = |text: &str| {
        let lines = log.iter().filter_map(|line| line["message"].as_str());
        lines.filter(|line| line.contains(text)).count()
    };
    assert_eq!(told("its key waits with it"), 1);
    host.stop()?;

    // Its attempts are used up, and the rest of its key follows.
    let host = Host::start(&by_key(&line, 2)?)?;
    eventually("all is committed", SOON, || line.is_caught_up());
    assert_eq!(line.dead_letters()?, ["retry"]);
    let outputs = line.outputs()?;
    let expected = ["ok a1", "ok b1", "ok a2", "ok c1", "ok behind", "ok last"];
    assert_eq!(outputs, expected);
    host.stop()
}

#[test]
fn a_broker_that_takes_no_metadata_gets_commits_without_it() -> Result<()> {
    let broker = Broker::start(BrokerOptions {
        settings: vec![("offset.metadata.max.bytes".to_owned(), "16".to_owned())],
        ..BrokerOptions::default()
    })?;
    let line = Line::on(&broker, "bare", 1)?;
    line.send_keyed(0, &[("sick", "retry"), ("a", "ok a1")])?;
    let mut host = Host::start(&by_key(&line, 1_000_000)?)?;
    host.wait_for_log("committed without it", SOON)?;
    // From here on commits go on as the prefix does, which a second key shows by its end.
    is_parked(&host, &line, 1, 1)?;
    line.send_keyed(0, &[("b", "ok b1")])?;
    eventually("it goes on", SOON, || {
        let outputs = line.outputs()?;
        ensure!(outputs == ["ok a1", "ok b1"], "{outputs:?}");
        Ok(())
    });
    assert!(host.condition("PSK-O004").is_err());
    host.stop()?;
    assert_eq!(
        line.client.committed(&line.group, &line.input)?[&0],
        Some(0)
    );
    assert_eq!(line.client.metadata(&line.group, &line.input, 0)?, "");

    let mut host = Host::start(&by_key(&line, 2)?)?;
    eventually("all is committed", SOON, || line.is_caught_up());
    let log = log_lines(&mut host);
    let refused = log.iter().filter(|line| {
        let text = line["message"].as_str().unwrap_or_default();
        text.contains("committed without it")
    });
    assert!(refused.count() <= 1, "it is said once");
    host.stop()
}

#[test]
fn a_slow_key_does_not_hold_the_other_lanes() -> Result<()> {
    let line = Line::new("lanes", 1)?;
    let config = line
        .unruly("h1", "classic")?
        .set(&["topics", &line.input, "concurrency"], 4)
        .set(&["handlers", "unruly", "limits", "deadline"], "5s");
    let keys: Vec<String> = (0..16).map(|key| format!("k{key}")).collect();
    let mut records = vec![("slow", SPIN), ("slow", "ok slow")];
    records.extend(keys.iter().map(|key| (key.as_str(), "ok other")));
    line.send_keyed(0, &records)?;
    let host = Host::start(&config)?;
    eventually("all is committed", SOON, || line.is_caught_up());
    host.stop()?;
    let outputs = line.outputs()?;
    let at = |value: &str| {
        let at = outputs.iter().position(|of| of == value);
        at.with_context(|| format!("no {value} in {outputs:?}"))
    };
    let overtook = outputs[..at(SPIN)?].iter().filter(|of| *of == "ok other");
    // Those in its own lane wait.
    assert!(overtook.count() >= 4, "{outputs:?}");
    assert!(at(SPIN)? < at("ok slow")?);
    assert_eq!(outputs.len(), records.len());
    Ok(())
}

#[test]
fn lanes_keep_each_key_in_order_and_lose_nothing_at_a_sigkill() -> Result<()> {
    let line = Line::new("lanes-killed", 2)?;
    let config = line
        .loaded("h1", "classic")?
        .set(&["topics", &line.input, "concurrency"], 4)
        .set(&["kafka", "consumer", "session.timeout.ms"], 1000);
    let flow = Flow::start(Load::new(&line.client, &line.input, 50)?, 2000);
    for _ in 0..3 {
        let mut host = Host::start(&config)?;
        host.ready(SOON)?;
        let before = line.client.count(&line.output)?;
        eventually("it has done some", SOON, || {
            let now = line.client.count(&line.output)?;
            ensure!(now > before + 500, "{now}");
            Ok(())
        });
        host.kill()?;
    }
    let host = Host::start(&config)?;
    let sent = flow.stop()?;
    eventually("all is committed", SOON, || line.is_caught_up());
    host.stop()?;
    let account = Account::read(&line.client, &line.output)?;
    account.is_complete(&sent)?;
    account.is_in_order()
}

/// About half a second of work.
const SPIN: &str = "spin 300000000";
