//! The broker goes and comes back under load: the host stays, says so, and loses nothing.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use penstock_tests::{Broker, BrokerOptions, Host, eventually};

use crate::support::{Account, Flow, Line, Load, PROTOCOLS, SOON, Watch};

/// Stops the broker this way, and starts it again once the host has said that it is gone.
fn survives(
    broker: &mut Broker,
    protocol: &str,
    stop: fn(&mut Broker) -> Result<()>,
) -> Result<()> {
    let line = Line::on(broker, "outage", 3)?;
    let flow = Flow::start(Load::new(&line.client, &line.input, 50)?, 2000);
    let mut host = Host::start(&line.loaded("h1", protocol)?)?;
    eventually("it is at work", SOON, || {
        ensure!(
            host.account(&line.input, "unruly", "emitted")? > 1000,
            "not yet"
        );
        Ok(())
    });

    stop(broker)?;
    let condition = eventually("the host says so", SOON, || host.condition("PSK-K001"));
    assert_eq!(condition["subject"], "kafka");
    // A broker that is down is no reason to restart a host.
    assert_eq!(host.get("/healthz")?.0, 200);
    assert!(host.process().ended()?.is_none());
    println!("readyz meanwhile: {:?}", host.get("/readyz")?);

    broker.restart()?;
    let before = host.account(&line.input, "unruly", "emitted")?;
    eventually("it goes on", SOON, || {
        let emitted = host.account(&line.input, "unruly", "emitted")?;
        ensure!(emitted > before + 1000, "{emitted} after {before}");
        Ok(())
    });
    host.ready(SOON)?;
    let sent = flow.stop()?;
    eventually("all is committed", SOON, || line.is_caught_up());
    eventually("the condition is over", SOON, || {
        ensure!(host.condition("PSK-K001").is_err(), "it still holds");
        Ok(())
    });
    let account = Account::read(&line.client, &line.output)?;
    account.is_complete(&sent)?;
    account.is_in_order()?;
    println!("{protocol}: {} outputs repeated", account.repeats());
    host.stop()
}

#[test]
fn a_broker_that_restarts_under_load() -> Result<()> {
    let mut broker = Broker::start(BrokerOptions::default())?;
    for protocol in PROTOCOLS {
        survives(&mut broker, protocol, Broker::stop)?;
    }
    survives(&mut broker, "classic", Broker::kill)
}

#[test]
fn a_broker_that_freezes_for_longer_than_the_session() -> Result<()> {
    let mut broker = Broker::start(BrokerOptions::default())?;
    for protocol in PROTOCOLS {
        let line = Line::on(&broker, "frozen", 3)?;
        let flow = Flow::start(Load::new(&line.client, &line.input, 50)?, 2000);
        let mut host = Host::start(&line.loaded("h1", protocol)?)?;
        eventually("it is at work", SOON, || {
            ensure!(
                host.account(&line.input, "unruly", "emitted")? > 1000,
                "not yet"
            );
            Ok(())
        });
        broker.suspend()?;
        // Twice the session: when the broker thaws, it takes the host for dead.
        std::thread::sleep(Duration::from_secs(4));
        assert_eq!(host.get("/healthz")?.0, 200);
        broker.resume()?;
        let before = host.account(&line.input, "unruly", "emitted")?;
        eventually("it goes on", SOON, || {
            let emitted = host.account(&line.input, "unruly", "emitted")?;
            ensure!(emitted > before + 1000, "{emitted} after {before}");
            Ok(())
        });
        let sent = flow.stop()?;
        eventually("all is committed", SOON, || line.is_caught_up());
        let account = Account::read(&line.client, &line.output)?;
        account.is_complete(&sent)?;
        account.is_in_order()?;
        println!("{protocol}: {} outputs repeated", account.repeats());
        host.ready(SOON)?;
        host.stop()?;
    }
    Ok(())
}

#[test]
fn a_host_ends_within_its_deadline_though_no_broker_answers() -> Result<()> {
    for (protocol, stop) in [
        ("classic", Broker::stop as fn(&mut Broker) -> Result<()>),
        ("consumer", Broker::suspend),
    ] {
        let mut broker = Broker::start(BrokerOptions::default())?;
        let line = Line::on(&broker, "alone", 3)?;
        let flow = Flow::start(Load::new(&line.client, &line.input, 50)?, 2000);
        let config = line
            .loaded("h1", protocol)?
            .set(&["host", "shutdown-deadline"], "3s");
        let mut host = Host::start(&config)?;
        eventually("it is at work", SOON, || {
            ensure!(
                host.account(&line.input, "unruly", "emitted")? > 1000,
                "not yet"
            );
            Ok(())
        });
        stop(&mut broker)?;
        let asked = Instant::now();
        host.sigterm()?;
        let status = host.wait_exit(Duration::from_secs(10))?;
        let took = asked.elapsed();
        println!("{protocol}: {status} after {took:?}");
        assert!(took < Duration::from_secs(5), "{took:?}");
        // Whether anything was under way at that moment is chance; a crash it is not.
        assert!(matches!(status.code(), Some(0 | 1)), "{status}");
        // The sender's records are of no use any more.
        drop(flow);
    }
    Ok(())
}
