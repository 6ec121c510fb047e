//! The broker goes and comes back under load: the host stays, says so, and loses nothing.

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
