//! The order of each key's outputs, when a broker refuses whole batches for single records in them.

use anyhow::{Result, ensure};
use penstock_tests::{Host, HostConfig, eventually};

use crate::support::{Account, Flow, Line, Load, SOON, Watch};

/// What a topic takes: about ten records, and not the large one.
const TOPIC_BYTES: &str = "2000";
const PADDING: usize = 200;
/// Records a second.
const RATE: u64 = 2000;

/// No rebalance, however busy the machine: it would have outputs repeated.
fn config(line: &Line) -> Result<HostConfig> {
    let config = line.loaded("h1", "classic")?;
    Ok(config.set(&["kafka", "consumer", "session.timeout.ms"], "30000"))
}

/// A flow of which some records are refused: these alone become dead letters, and nothing overtakes
/// their neighbours.
fn only_these_are_refused(line: &Line, load: Load, refused: &[(usize, u64)]) -> Result<()> {
    line.client.create_topic(&line.dead, 1, &[])?;
    let host = Host::start(&config(line)?)?;
    let flow = Flow::start(load, RATE);
    eventually("enough is sent", SOON, || {
        ensure!(flow.sent() > 3 * RATE, "not yet");
        Ok(())
    });
    let sent = flow.stop()?;
    eventually("all is committed", SOON, || line.is_caught_up());
    let account = Account::read(&line.client, &line.output)?;
    account.is_complete_but_for(&sent, refused)?;
    assert_eq!(account.repeats(), 0);
    account.is_in_order()?;
    let mut letters = line.dead_letters()?;
    let mut commands: Vec<_> = refused
        .iter()
        .map(|(p, n)| format!("ok {p} {n} "))
        .collect();
    letters.sort();
    commands.sort();
    assert_eq!(letters.len(), commands.len());
    for (letter, command) in letters.iter().zip(&commands) {
        assert!(letter.starts_with(command), "{letter} is not {command}");
    }
    host.stop()
}

#[test]
fn a_batch_refused_for_its_size_keeps_the_order_of_its_keys() -> Result<()> {
    let line = Line::with_input_only("order-size", 2)?;
    line.client
        .create_topic(&line.output, 3, &[("max.message.bytes", TOPIC_BYTES)])?;
    let large = [(0, 500), (0, 2000), (1, 2001)];
    let load = Load::new(&line.client, &line.input, PADDING)?.with_large(&large);
    only_these_are_refused(&line, load, &large)
}

#[test]
fn a_batch_refused_for_a_missing_key_keeps_the_order_of_its_keys() -> Result<()> {
    let line = Line::with_input_only("order-keys", 2)?;
    line.client
        .create_topic(&line.output, 1, &[("cleanup.policy", "compact")])?;
    let keyless = [
        (0, 500),
        (0, 501),
        (0, 1000),
        (1, 1000),
        (1, 2000),
        (1, 2003),
    ];
    let load = Load::new(&line.client, &line.input, PADDING)?.with_keyless(&keyless);
    only_these_are_refused(&line, load, &keyless)
}

#[test]
fn a_topic_that_takes_less_from_now_on_keeps_the_order_of_its_keys() -> Result<()> {
    let line = Line::new("order-lowered", 2)?;
    let flow = Flow::start(Load::new(&line.client, &line.input, PADDING)?, RATE);
    let host = Host::start(&config(&line)?)?;
    eventually("some are through", SOON, || {
        let through = host.account(&line.input, "unruly", "emitted")?;
        ensure!(through > RATE / 2, "not yet");
        Ok(())
    });
    line.client
        .set_topic(&line.output, &[("max.message.bytes", TOPIC_BYTES)])?;
    let lowered = flow.sent();
    eventually("some more are sent", SOON, || {
        ensure!(flow.sent() > lowered + 2 * RATE, "not yet");
        Ok(())
    });
    let sent = flow.stop()?;
    eventually("all is committed", SOON, || line.is_caught_up());
    assert_eq!(line.dead_letters()?, [""; 0]);
    let account = Account::read(&line.client, &line.output)?;
    account.is_complete(&sent)?;
    assert_eq!(account.repeats(), 0);
    account.is_in_order()?;
    host.stop()
}
