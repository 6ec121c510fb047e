//! How hosts end, and what that costs readers: a dead host's open transaction, and two of one id.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use penstock_tests::{Host, HostConfig, eventually};

use super::{is_exact, once, transactions};
use crate::support::{Flow, Line, Load, PROTOCOLS, SOON};

/// The brokers would abort after so long.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A host that commits nothing by itself for long.
fn slow(line: &Line, protocol: &str) -> Result<HostConfig> {
    Ok(once(line.unruly("h1", protocol)?)
        .set(&["kafka", "transaction", "timeout"], "60s")
        .set(&["kafka", "commit-interval"], "15s"))
}

#[test]
fn a_restart_with_the_same_id_ends_what_a_dead_host_left_open() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::new("once-left", 1)?;
        let config = slow(&line, protocol)?;
        line.send(0, &["ok 0 0"])?;
        let mut host = Host::start(&config)?;
        eventually("a transaction is open", SOON, || {
            ensure!(transactions(&host)?["open-ms"].is_u64(), "none");
            Ok(())
        });
        host.kill()?;

        let died = Instant::now();
        let config = config.set(&["kafka", "commit-interval"], "20ms");
        let mut host = Host::start(&config)?;
        eventually("its outputs can be read", SOON, || is_exact(&line, &[1]));
        ensure!(died.elapsed() < TIMEOUT / 2, "{:?}", died.elapsed());
        host.wait_for_log("transactions can begin", SOON)?;
        println!("{protocol}: read {:?} after its death", died.elapsed());
        host.stop()?;
    }
    Ok(())
}

#[test]
fn a_second_host_of_the_same_id_shuts_the_first_out_which_says_so_and_ends() -> Result<()> {
    let line = Line::new("once-fenced", 2)?;
    let flow = Flow::start(Load::new(&line.client, &line.input, 0)?, 500);
    let config = once(line.loaded("h1", "consumer")?);
    let mut first = Host::start(&config)?;
    eventually("it commits", SOON, || {
        ensure!(
            transactions(&first)?["committed"].as_u64() > Some(1),
            "not yet"
        );
        Ok(())
    });
    let second = Host::start(&config)?;
    let status = first.wait_exit(SOON)?;
    ensure!(status.code() == Some(1), "it ended with {status}");
    let said = first.wait_for_log("the host ends, restart it", SOON)?;
    for part in ["the brokers have shut out the producer", "host.id"] {
        ensure!(said.contains(part), "no {part:?} in {said}");
    }
    first.wait_for_log("PSK-K011", SOON)?;
    let sent = flow.stop()?;
    eventually("the second does the rest", SOON, || line.is_caught_up());
    is_exact(&line, &sent)?;
    second.stop()
}
