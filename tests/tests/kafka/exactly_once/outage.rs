//! The broker goes and comes back under load, within the transactions' time-out.

use anyhow::{Result, ensure};
use penstock_tests::{Broker, BrokerOptions, Host, eventually};

use super::{is_exact, once, transactions};
use crate::support::{Flow, Line, Load, SOON};

#[test]
fn a_broker_that_restarts_costs_neither_a_record_nor_a_host() -> Result<()> {
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
        let before = committed(&host)?;
        eventually("it commits", SOON, || {
            let now = committed(&host)?;
            ensure!(now > before + 5, "{now} after {before}");
            Ok(())
        });
        broker.kill()?;
        broker.restart()?;
    }
    let sent = flow.stop()?;
    eventually("all is committed", SOON, || line.is_caught_up());
    is_exact(&line, &sent)?;
    ensure!(host.process().ended()?.is_none(), "it has ended");
    println!("{}", transactions(&host)?);
    host.stop()
}
