//! Two hosts with one `group.instance.id`: one of them ends and says why, and nothing is lost.

use anyhow::{Result, ensure};
use penstock_tests::{Host, HostConfig, eventually};

use crate::support::{Account, Flow, Line, Load, SOON, Watch};

const PARTITIONS: i32 = 3;

fn is_at_work(host: &Host, line: &Line) -> Result<()> {
    let before = host.account(&line.input, "unruly", "emitted")?;
    eventually("it is at work", SOON, || {
        let emitted = host.account(&line.input, "unruly", "emitted")?;
        ensure!(emitted > before + 500, "{emitted} after {before}");
        ensure!(host.assigned()? == PARTITIONS as usize);
        Ok(())
    });
    Ok(())
}

/// It ends with 1, for this reason.
fn ends(host: &mut Host, why: &str) -> Result<()> {
    let said = host.wait_for_log("PSK-K006", SOON)?;
    ensure!(said.contains(why), "no {why} in {said}");
    let status = host.wait_exit(SOON)?;
    let log = host.process().log_tail();
    ensure!(status.code() == Some(1), "{status}: {log}");
    Ok(())
}

/// A line under load, and two hosts of the same name within the group.
struct Twins {
    line: Line,
    flow: Flow,
    first: Host,
    second: Host,
}

impl Twins {
    fn start(protocol: &str) -> Result<Twins> {
        let line = Line::new("twins", PARTITIONS)?;
        let flow = Flow::start(Load::new(&line.client, &line.input, 50)?, 1000);
        let config = |id: &str| -> Result<HostConfig> {
            let name = ["kafka", "consumer", "group.instance.id"];
            Ok(line.loaded(id, protocol)?.set(&name, "worker-a"))
        };
        let first = Host::start(&config("h1")?)?;
        eventually("it has joined", SOON, || {
            first.account(&line.input, "unruly", "emitted")
        });
        is_at_work(&first, &line)?;
        let second = Host::start(&config("h2")?)?;
        Ok(Twins {
            line,
            flow,
            first,
            second,
        })
    }

    /// The one that is left has it all, and nothing is missing.
    fn end(line: &Line, flow: Flow, left: Host) -> Result<()> {
        is_at_work(&left, line)?;
        let sent = flow.stop()?;
        eventually("all is committed", SOON, || line.is_caught_up());
        left.stop()?;
        let account = Account::read(&line.client, &line.output)?;
        account.is_complete(&sent)?;
        println!("{} outputs repeated", account.repeats());
        Ok(())
    }
}

#[test]
fn the_classic_protocol_puts_the_first_one_out() -> Result<()> {
    let mut twins = Twins::start("classic")?;
    ends(&mut twins.first, "fenced")?;
    Twins::end(&twins.line, twins.flow, twins.second)
}

#[test]
fn the_consumer_protocol_refuses_the_second_one() -> Result<()> {
    let mut twins = Twins::start("consumer")?;
    ends(&mut twins.second, "instance")?;
    Twins::end(&twins.line, twins.flow, twins.first)
}
