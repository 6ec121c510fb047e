//! SIGTERM: stop the intake, drain, commit, leave, within the deadline, and say what was left.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use penstock_tests::{Host, HostConfig, eventually};
use serde_json::Value;

use crate::support::{Account, Flow, Line, Load, PROTOCOLS, SOON, Watch, log_lines};

/// The line of the log with the account of `unruly`.
fn total(host: &mut Host) -> Value {
    let log = log_lines(host);
    let mut totals = log.iter().filter(|line| line["message"] == "total");
    let total = totals.next().cloned().unwrap_or_default();
    assert!(totals.next().is_none(), "one handler, one total");
    total
}

#[test]
fn under_load_nothing_is_left_over_and_nothing_is_done_again() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::new("drained", 3)?;
        let flow = Flow::start(Load::new(&line.client, &line.input, 50)?, 5000);
        // The timer must not do the work of the drain.
        let config = line
            .loaded("h1", protocol)?
            .set(&["kafka", "commit-interval"], "10m");
        let mut host = Host::start(&config)?;
        eventually("it is at work", SOON, || {
            ensure!(
                host.account(&line.input, "unruly", "emitted")? > 3000,
                "not yet"
            );
            Ok(())
        });
        let asked = Instant::now();
        host.sigterm()?;
        let status = host.wait_exit(Duration::from_secs(10))?;
        println!("{protocol}: ended after {:?}", asked.elapsed());
        assert_eq!(status.code(), Some(0), "{}", host.process().log_tail());
        if protocol == "classic" {
            assert_eq!(line.client.classic_members(&line.group)?, [""; 0]);
        }

        // The outputs are those of the committed prefix, each once.
        let committed = line.client.committed(&line.group, &line.input)?;
        let committed: Vec<u64> = committed
            .values()
            .map(|next| next.unwrap_or_default() as u64)
            .collect();
        let account = Account::read(&line.client, &line.output)?;
        account.is_complete(&committed)?;
        assert_eq!(account.repeats(), 0);
        let total = total(&mut host);
        assert_eq!(total["balanced"], true, "{total}");
        assert_eq!(total["open"], 0, "{total}");
        assert_eq!(total["emitted"], account.0.len(), "{total}");

        let next = Host::start(&line.loaded("h1", protocol)?)?;
        let sent = flow.stop()?;
        eventually("all is committed", SOON, || line.is_caught_up());
        let account = Account::read(&line.client, &line.output)?;
        account.is_complete(&sent)?;
        account.is_in_order()?;
        assert_eq!(
            account.repeats(),
            0,
            "{protocol}: done again after the restart"
        );
        next.stop()?;
    }
    Ok(())
}

#[test]
fn a_static_member_does_not_leave() -> Result<()> {
    let line = Line::new("static", 1)?;
    let config = line
        .unruly("h1", "classic")?
        .set(&["kafka", "consumer", "group.instance.id"], "one")
        .set(&["kafka", "consumer", "session.timeout.ms"], 20_000);
    let mut host = Host::start(&config)?;
    host.ready(SOON)?;
    host.stop()?;
    assert_eq!(line.client.classic_members(&line.group)?.len(), 1);
    // It comes back as the same member, without a rebalance: far sooner than the session expires.
    let asked = Instant::now();
    let host = Host::start(&config)?;
    line.send(0, &["ok"])?;
    eventually("all is committed", SOON, || line.is_caught_up());
    assert!(
        asked.elapsed() < Duration::from_secs(15),
        "{:?}",
        asked.elapsed()
    );
    host.stop()
}

/// A guest in an endless loop whose deadline is far beyond any test's.
fn wedged(line: &Line, shutdown_deadline: &str) -> Result<HostConfig> {
    Ok(line
        .unruly("h1", "classic")?
        .set(&["host", "shutdown-deadline"], shutdown_deadline)
        .set(&["limits", "deadline"], "10m")
        .set(&["handlers", "unruly", "limits", "deadline"], "10m"))
}

fn start_wedged(line: &Line, shutdown_deadline: &str) -> Result<Host> {
    line.send(0, &["ok 1"])?;
    let host = Host::start(&wedged(line, shutdown_deadline)?)?;
    eventually("the first is committed", SOON, || line.is_caught_up());
    line.send(0, &["loop", "ok 2"])?;
    eventually("the guest loops", SOON, || {
        let shown = host.partition(&line.input, 0)?;
        let loops = shown["unfinished"] == 2 && shown["oldest-open-ms"].is_u64();
        ensure!(loops, "{shown}");
        Ok(())
    });
    Ok(host)
}

#[test]
fn what_does_not_end_within_the_deadline_is_abandoned_and_reported() -> Result<()> {
    let line = Line::new("wedged", 1)?;
    let mut host = start_wedged(&line, "3s")?;
    let asked = Instant::now();
    host.sigterm()?;
    let status = host.wait_exit(Duration::from_secs(10))?;
    let took = asked.elapsed();
    assert_eq!(status.code(), Some(1), "{}", host.process().log_tail());
    assert!(took < Duration::from_secs(5), "{took:?}");
    let log = log_lines(&mut host);
    let said = log.iter().find(|line| line["code"] == "PSK-O005");
    let abandoned = said.and_then(|line| line["abandoned"].as_u64());
    assert!(abandoned >= Some(1), "{said:?}");
    let total = total(&mut host);
    assert_eq!(total["balanced"], true, "{total}");
    assert_eq!((&total["emitted"], &total["open"]), (&1.into(), &0.into()));
    assert!(total["handed_back"].as_u64() >= Some(1), "{total}");
    // What was finished is committed, what was not is not.
    let committed = line.client.committed(&line.group, &line.input)?;
    assert_eq!(committed[&0], Some(1));
    assert_eq!(line.outputs()?, ["ok 1"]);
    assert_eq!(line.client.classic_members(&line.group)?, [""; 0]);
    Ok(())
}

#[test]
fn a_second_signal_ends_it_at_once() -> Result<()> {
    let line = Line::new("impatient", 1)?;
    let mut host = start_wedged(&line, "60s")?;
    host.sigterm()?;
    host.wait_for_log("SIGTERM: stopping", SOON)?;
    assert_eq!(host.get("/readyz")?.0, 503);
    let asked = Instant::now();
    host.sigterm()?;
    let status = host.wait_exit(Duration::from_secs(10))?;
    assert!(
        asked.elapsed() < Duration::from_secs(3),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!((status.code(), status.signal()), (Some(143), None));
    assert!(host.process().log().contains("SIGTERM again"));
    Ok(())
}

#[test]
fn a_partition_in_backoff_is_handed_back_at_once() -> Result<()> {
    let line = Line::new("patient", 1)?;
    line.send(0, &["ok 1", "retry", "ok 2"])?;
    let config = line
        .unruly("h1", "classic")?
        .set(&["handlers", "unruly", "retry", "backoff"], "60s..60s");
    let mut host = Host::start(&config)?;
    eventually("the record backs off", SOON, || {
        host.waits(&line.input, 0, "backoff")?;
        ensure!(host.partition(&line.input, 0)?["position"] == 1, "not yet");
        Ok(())
    });
    let asked = Instant::now();
    host.sigterm()?;
    let status = host.wait_exit(Duration::from_secs(10))?;
    assert_eq!(status.code(), Some(0), "{}", host.process().log_tail());
    assert!(
        asked.elapsed() < Duration::from_secs(4),
        "{:?}",
        asked.elapsed()
    );
    let committed = line.client.committed(&line.group, &line.input)?;
    assert_eq!(committed[&0], Some(1));
    assert_eq!(total(&mut host)["balanced"], true);
    Ok(())
}

#[test]
fn what_waits_for_an_output_topic_is_handed_back() -> Result<()> {
    let line = Line::with_input_only("unsent", 2)?;
    let mut load = Load::new(&line.client, &line.input, 50)?;
    load.send(2000)?;
    let sent = load.finish()?;
    let config = line
        .loaded("h1", "classic")?
        .set(&["topics", &line.input, "dead-letter"], "nobody-dies-here");
    let mut host = Host::start(&config)?;
    eventually("both partitions wait", SOON, || {
        host.waits(&line.input, 0, "output")?;
        host.waits(&line.input, 1, "output")
    });
    host.sigterm()?;
    let status = host.wait_exit(Duration::from_secs(11))?;
    assert_eq!(status.code(), Some(0), "{}", host.process().log_tail());
    let total = total(&mut host);
    assert_eq!(total["balanced"], true, "{total}");
    assert_eq!((&total["emitted"], &total["open"]), (&0.into(), &0.into()));
    assert_eq!(total["handed_back"], total["begun"], "{total}");
    let committed = line.client.committed(&line.group, &line.input)?;
    assert_eq!(committed, [(0, Some(0)), (1, Some(0))].into());

    line.client.create_topic(&line.output, 1, &[])?;
    let host = Host::start(&config)?;
    eventually("all is committed", SOON, || line.is_caught_up());
    let account = Account::read(&line.client, &line.output)?;
    account.is_complete(&sent)?;
    assert_eq!(account.repeats(), 0);
    host.stop()
}
