//! Resets and pauses on hosts that commit in transactions, park keys or have lanes.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use penstock_tests::{Host, HostConfig, eventually};

use crate::hosts::{Account, Flow, Line, Load, PROTOCOLS, SOON, Scrape, Watch};
use crate::tool::{Ended, penstock};

fn tell(line: &Line, command: &[&str], args: &[&str]) -> Result<Ended> {
    let group = [
        "--bootstrap",
        line.client.bootstrap(),
        "--group",
        &line.group,
    ];
    penstock(&[command, args, &group[..]].concat())
}

fn reset(line: &Line, to: &str, partition: &str) -> Result<Ended> {
    let which = [
        "--to",
        to,
        "--topic",
        &line.input,
        "--partition",
        partition,
        "--yes",
    ];
    tell(line, &["offsets", "reset"], &which)
}

fn exactly_once(config: HostConfig) -> HostConfig {
    config
        .set(&["kafka", "delivery"], "exactly-once")
        .set(&["kafka", "transaction", "timeout"], "10s")
}

/// Tries a record for ever, and its key waits with it.
fn by_key(config: HostConfig) -> HostConfig {
    let retry = |key| ["handlers", "unruly", "retry", key];
    config
        .set(&retry("mode"), "key")
        .set(&retry("attempts"), 1_000_000)
        .set(&retry("backoff"), "50ms..50ms")
}

fn both() -> [fn(HostConfig) -> HostConfig; 2] {
    [std::convert::identity, exactly_once]
}

/// Whether these are the committed outputs, in any order of the partitions; for `eventually`.
fn outputs_are(line: &Line, expected: &[&str]) -> Result<()> {
    let mut outputs = line.outputs()?;
    let mut expected = expected.to_vec();
    outputs.sort();
    expected.sort_unstable();
    ensure!(outputs == expected, "{outputs:?}");
    Ok(())
}

#[test]
fn exactly_once_and_with_lanes_a_reset_under_load_repeats_what_it_asks_for_and_no_more()
-> Result<()> {
    const TO: u64 = 100;
    for protocol in PROTOCOLS {
        let line = Line::new("once-live", 2)?;
        let config = exactly_once(line.loaded("h1", protocol)?)
            .set(&["topics", &line.input, "concurrency"], 4);
        let mut host = Host::start(&config)?;
        host.ready(SOON)?;
        let flow = Flow::start(Load::new(&line.client, &line.input, 10)?, 2000);
        eventually("much is committed", SOON, || {
            let committed = line.client.committed(&line.group, &line.input)?;
            let far = committed.values().all(|at| at.is_some_and(|at| at > 600));
            ensure!(far, "{committed:?}");
            Ok(())
        });
        let done = reset(&line, &TO.to_string(), "1")?;
        done.said(0, &["1 of 1 partition changes", "done, and read back"]);
        let sent = flow.stop()?;
        eventually("all is committed", SOON, || line.is_caught_up());
        host.stop()?;

        let account = Account::read(&line.client, &line.output)?;
        account.is_complete(&sent)?;
        account.is_in_order()?;
        let counts = sent.iter().map(|sent| vec![0; *sent as usize]);
        let mut times: Vec<Vec<u32>> = counts.collect();
        for of in &account.0 {
            times[of.partition][of.number as usize] += 1;
        }
        assert!(times[0].iter().all(|of| *of == 1), "the other: {times:?}");
        let repeated = times[1].iter().filter(|of| **of == 2).count();
        assert!(repeated >= 500, "{repeated}");
        let (before, behind) = times[1].split_at(TO as usize);
        let (again, once) = behind.split_at(repeated);
        assert!(
            before.iter().chain(once).all(|of| *of == 1) && again.iter().all(|of| *of == 2),
            "{times:?}"
        );
    }
    Ok(())
}

#[test]
fn a_reset_forgets_what_is_parked_and_what_was_finished_beyond_it() -> Result<()> {
    for delivery in both() {
        let line = Line::new("parked-reset", 1)?;
        line.send_keyed(
            0,
            &[
                ("sick", "retry"),
                ("a", "ok a1"),
                ("sick", "ok behind"),
                ("b", "ok b1"),
            ],
        )?;
        let host = Host::start(&delivery(by_key(line.unruly("h1", "classic")?)))?;
        eventually("the others are through", SOON, || {
            outputs_are(&line, &["ok a1", "ok b1"])?;
            let metadata = line.client.metadata(&line.group, &line.input, 0)?;
            ensure!(metadata.ends_with(" 0 1,3"), "`{metadata}`");
            Ok(())
        });
        reset(&line, "1", "0")?.said(0, &["done, and read back"]);
        eventually(
            "all behind the sick one is done, the finished again",
            SOON,
            || {
                outputs_are(&line, &["ok a1", "ok b1", "ok a1", "ok behind", "ok b1"])?;
                line.is_caught_up()
            },
        );
        let parked = &host.partition(&line.input, 0)?["parked"];
        assert!(parked.is_null(), "{parked}");
        assert_eq!(
            Scrape::of(&host)?.value("penstock_parked_records", &[]),
            Some(0.0)
        );
        host.stop()?;
    }
    Ok(())
}

#[test]
fn what_is_parked_is_not_tried_while_its_partition_is_paused() -> Result<()> {
    for delivery in both() {
        let line = Line::new("parked-pause", 2)?;
        line.send_keyed(0, &[("sick", "retry"), ("a", "ok a1")])?;
        let host = Host::start(&delivery(by_key(line.unruly("h1", "classic")?)))?;
        eventually("it is parked", SOON, || {
            let parked = host.partition(&line.input, 0)?["parked"].clone();
            ensure!(parked["records"] == 1, "{parked}");
            outputs_are(&line, &["ok a1"])
        });
        let one = format!("{}:0", line.input);
        let why = ["--for", "10m", "--why", "the key is looked into"];
        tell(&line, &["pause"], &[&[&*one], &why[..]].concat())?.said(0, &["is paused until"]);
        eventually("it rests", SOON, || host.waits(&line.input, 0, "paused"));

        let calls = || host.account(&line.input, "unruly", "calls");
        let (before, begun) = (calls()?, Instant::now());
        // As long as ten tries would take, and more.
        let mut others = 0;
        while begun.elapsed() < Duration::from_millis(600) {
            line.send_keyed(1, &[("b", "ok b")])?;
            others += 1;
            eventually("the other partition goes on", SOON, || {
                let outputs = line.outputs()?.len();
                ensure!(outputs == 1 + others, "{outputs} of {}", 1 + others);
                Ok(())
            });
        }
        assert_eq!(calls()?, before + others as u64);
        tell(&line, &["resume"], &[&one])?.said(0, &["goes on"]);
        eventually("it is tried again", SOON, || {
            let calls = calls()?;
            ensure!(calls > before + others as u64, "{calls}");
            Ok(())
        });
        host.stop()?;
    }
    Ok(())
}
