//! SIGKILL at random moments under load, a second host that comes and goes, two stages: nothing is
//! lost, and nothing is there twice.

use anyhow::{Result, ensure};
use penstock_tests::{Host, HostConfig, Random, eventually, plugin, unique};

use super::{is_exact, once};
use crate::support::{Flow, Line, Load, PROTOCOLS, SOON, Watch};

/// Of each protocol.
const KILLS: usize = 5;

/// From the input through a topic between, to the output.
fn two_stages(line: &Line, between: &str, host: &str, protocol: &str) -> Result<HostConfig> {
    let mut config = line
        .bare(host, protocol)
        .handler("first", &plugin("unruly")?, &[("out", between)])
        .handler("second", &plugin("unruly")?, &[("out", &line.output)])
        .topic(&line.input, &["first"], "earliest", Some(&line.dead))
        .topic(between, &["second"], "earliest", Some(&line.dead))
        .set(&["log", "records"], "off")
        .set(&["kafka", "commit-interval"], "20ms");
    if protocol == "classic" {
        config = config.set(&["kafka", "consumer", "session.timeout.ms"], 1000);
    }
    Ok(once(config))
}

#[test]
fn ten_sigkills_lose_nothing_and_double_nothing() -> Result<()> {
    let mut random = Random::new()?;
    for protocol in PROTOCOLS {
        let line = Line::new("once", 3)?;
        let between = unique("once-between");
        line.client.create_topic(&between, 3, &[])?;
        let flow = Flow::start(Load::new(&line.client, &line.input, 50)?, 2000);
        let first = two_stages(&line, &between, "h1", protocol)?;
        let second = two_stages(&line, &between, "h2", protocol)?;
        let mut beside = None;
        for kill in 0..KILLS {
            let mut host = Host::start(&first)?;
            // Each second time it may die before it has joined the group.
            if kill % 2 == 0 {
                host.ready(SOON)?;
            }
            std::thread::sleep(random.millis(800));
            match beside.take() {
                None => beside = Some(Host::start(&second)?),
                Some(other) if kill % 2 == 0 => Host::stop(other)?,
                other => beside = other,
            }
            std::thread::sleep(random.millis(500));
            host.kill()?;
        }
        // What the last one left open ends when it comes again.
        let host = Host::start(&first)?;
        let sent = flow.stop()?;
        let total = sent.iter().sum::<u64>();
        eventually("all is through both stages", SOON, || {
            let ledger = &host.status()?["handlers"];
            line.is_caught_up()?;
            is_exact(&line, &sent).map_err(|error| error.context(format!("of {total}; {ledger}")))
        });
        if let Some(other) = beside {
            other.stop()?;
        }
        host.stop()?;
        is_exact(&line, &sent)?;
        let letters = line.dead_letters()?;
        ensure!(letters.is_empty(), "{letters:?}");
        println!("{protocol}: {total} records, 0 lost, 0 doubled after {KILLS} kills");
    }
    Ok(())
}

#[test]
fn an_orderly_end_commits_what_is_finished() -> Result<()> {
    let line = Line::new("once-ended", 2)?;
    // The interval alone would let nothing be read for long.
    let config = once(line.unruly("h1", "classic")?)
        .set(&["kafka", "transaction", "timeout"], "60s")
        .set(&["kafka", "commit-interval"], "15s");
    let mut load = Load::new(&line.client, &line.input, 0)?;
    load.send(20)?;
    let sent = load.finish()?;
    let host = Host::start(&config)?;
    // All are finished in it, and its own end is what commits.
    eventually("a transaction holds them all", SOON, || {
        ensure!(super::transactions(&host)?["open-ms"].is_u64(), "none");
        let calls = host.account(&line.input, "unruly", "calls")?;
        ensure!(calls == 20, "{calls} of 20");
        Ok(())
    });
    host.stop()?;
    is_exact(&line, &sent)?;
    line.is_caught_up()
}
