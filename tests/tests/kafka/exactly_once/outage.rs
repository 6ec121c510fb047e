//! The broker goes and comes back under load, within the transactions' time-out.

use anyhow::{Result, ensure};
use penstock_tests::{Broker, BrokerOptions, Host, HostConfig, eventually};

use super::{is_exact, once, transactions};
use crate::support::{Flow, Line, Load, SOON};

/// The client may find that its transaction was lost with the broker. The host ends then, and is
/// started again by whatever runs it.
fn supervise(host: &mut Host, config: &HostConfig) -> Result<()> {
    if host.process().ended()?.is_some() {
        *host = Host::start(config)?;
    }
    Ok(())
}

#[test]
fn a_broker_that_restarts_costs_no_record_and_doubles_none() -> Result<()> {
    let mut broker = Broker::start(BrokerOptions::default())?;
    let line = Line::on(&broker, "once-outage", 3)?;
    let flow = Flow::start(Load::new(&line.client, &line.input, 50)?, 2000);
    let config = once(line.loaded("h1", "consumer")?);
    let config = config.set(&["kafka", "transaction", "timeout"], "60s");
    let mut host = Host::start(&config)?;
    host.ready(SOON)?;
    let committed = |host: &Host| {
        let seen = transactions(host)?;
        let count = seen["committed"].as_u64();
        count.ok_or_else(|| anyhow::anyhow!("no count in {seen}"))
    };
    for _ in 0..2 {
        eventually("it commits", SOON, || {
            supervise(&mut host, &config)?;
            let now = committed(&host)?;
            ensure!(now > 5, "{now}");
            Ok(())
        });
        broker.kill()?;
        broker.restart()?;
    }
    let sent = flow.stop()?;
    eventually("all is committed", SOON, || {
        supervise(&mut host, &config)?;
        line.is_caught_up()
    });
    is_exact(&line, &sent)?;
    println!("{}", transactions(&host)?);
    host.stop()
}
