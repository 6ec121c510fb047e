//! A host that stands still for longer than the group waits for it.

use std::time::Duration;

use anyhow::{Result, ensure};
use penstock_tests::{Host, eventually};

use crate::support::{Account, Flow, Line, Load, PROTOCOLS, SOON, Watch};

/// Twice the session, and longer than the poll interval that is set here.
const FROZEN: Duration = Duration::from_secs(5);

#[test]
fn a_host_that_freezes_for_longer_than_its_session_loses_nothing() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::new("stopped", 3)?;
        let flow = Flow::start(Load::new(&line.client, &line.input, 50)?, 1000);
        let poll = ["kafka", "consumer", "max.poll.interval.ms"];
        let config = line.loaded("h1", protocol)?.set(&poll, "3000");
        let mut host = Host::start(&config)?;
        let emitted = |host: &Host| host.account(&line.input, "unruly", "emitted");
        eventually("it is at work", SOON, || {
            ensure!(emitted(&host)? > 500, "not yet");
            Ok(())
        });
        host.process().suspend()?;
        std::thread::sleep(FROZEN);
        host.process().signal(libc::SIGCONT)?;
        let said = host.wait_for_log("PSK-K007", SOON)?;
        println!("{protocol}: {said}");
        let before = emitted(&host)?;
        eventually("it goes on", SOON, || {
            let now = emitted(&host)?;
            ensure!(now > before + 500, "{now} after {before}");
            Ok(())
        });
        let sent = flow.stop()?;
        eventually("all is committed", SOON, || line.is_caught_up());
        let account = Account::read(&line.client, &line.output)?;
        account.is_complete(&sent)?;
        println!("{protocol}: {} outputs repeated", account.repeats());
        host.stop()?;
    }
    Ok(())
}
