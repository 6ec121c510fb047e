//! One record whose output the topic does not take: it is a dead letter, and its neighbours are
//! there, once.

use anyhow::{Result, ensure};
use penstock_tests::{Host, Outgoing, eventually};

use super::{is_exact, once};
use crate::support::{Account, Line, Load, SOON, Watch};

#[test]
fn a_record_whose_output_is_too_large_takes_neither_its_neighbours_nor_the_host_down() -> Result<()>
{
    let line = Line::with_input_only("once-refused", 2)?;
    line.client
        .create_topic(&line.output, 1, &[("max.message.bytes", "1500")])?;
    line.client.create_topic(&line.dead, 1, &[])?;
    let large = [(0, 20), (1, 21), (0, 150)];
    let mut load = Load::new(&line.client, &line.input, 200)?.with_large(&large);
    load.send(400)?;
    let sent = load.finish()?;
    let host = Host::start(&once(line.loaded("h1", "classic")?))?;
    eventually("all is committed", SOON, || line.is_caught_up());
    let account = Account::read(&line.client, &line.output)?;
    account.is_complete_but_for(&sent, &large)?;
    account.is_in_order()?;
    assert_eq!(account.repeats(), 0);
    let letters = line.client.read_all(&line.dead)?;
    assert_eq!(letters.len(), large.len(), "{letters:?}");
    for letter in &letters {
        assert_eq!(letter.header("penstock.code").as_deref(), Some("PSK-H010"));
    }
    println!("{}", super::transactions(&host)?);
    host.stop()
}

#[test]
fn an_output_without_a_key_is_refused_by_a_compacted_topic() -> Result<()> {
    let line = Line::with_input_only("once-compacted", 1)?;
    line.client
        .create_topic(&line.output, 1, &[("cleanup.policy", "compact")])?;
    line.client.create_topic(&line.dead, 1, &[])?;
    line.send(0, &["ok 0 0"])?;
    let keyless = Outgoing::to(&line.input).partition(0);
    line.client.produce(&[keyless.value("ok 0 1")])?;
    line.send(0, &["ok 0 2"])?;
    let host = Host::start(&once(line.unruly("h1", "consumer")?))?;
    eventually("all is committed", SOON, || line.is_caught_up());
    assert_eq!(line.outputs()?, ["ok 0 0", "ok 0 2"]);
    assert_eq!(line.dead_letters()?, ["ok 0 1"]);
    host.stop()
}

#[test]
fn a_missing_output_topic_is_waited_for() -> Result<()> {
    let line = Line::with_input_only("once-missing", 1)?;
    line.client.create_topic(&line.dead, 1, &[])?;
    let mut load = Load::new(&line.client, &line.input, 0)?;
    load.send(50)?;
    let sent = load.finish()?;
    let host = Host::start(&once(line.loaded("h1", "classic")?))?;
    let waits = eventually("the partition waits", SOON, || {
        host.waits(&line.input, 0, "output")
    });
    assert_eq!(waits["code"], "PSK-O002");
    line.client.create_topic(&line.output, 1, &[])?;
    eventually("all is committed", SOON, || line.is_caught_up());
    is_exact(&line, &sent)?;
    let letters = line.dead_letters()?;
    ensure!(letters.is_empty(), "{letters:?}");
    host.stop()
}
