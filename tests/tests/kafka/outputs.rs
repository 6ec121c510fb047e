//! Output topics that can't be written, and outputs that a topic does not take.

use anyhow::{Result, ensure};
use penstock_tests::{Host, eventually};

use crate::support::{Account, Flow, Line, Load, SOON, Watch};

#[test]
fn a_missing_output_topic_is_waited_for() -> Result<()> {
    let line = Line::with_input_only("unwritable", 2)?;
    line.client.create_topic(&line.dead, 1, &[])?;
    let mut load = Load::new(&line.client, &line.input, 0)?;
    load.send(1000)?;
    let sent = load.finish()?;
    let mut host = Host::start(&line.loaded("h1", "classic")?)?;
    for partition in [0, 1] {
        let waits = eventually("the partition waits", SOON, || {
            host.waits(&line.input, partition, "output")
        });
        assert_eq!(waits["code"], "PSK-O002");
        assert!(waits["text"].to_string().contains(&line.output), "{waits}");
    }
    host.condition("PSK-O002")?;
    host.wait_for_log("PSK-O002", SOON)?;
    let committed = line.client.committed(&line.group, &line.input)?;
    assert_eq!(committed, [(0, Some(0)), (1, Some(0))].into());

    line.client.create_topic(&line.output, 3, &[])?;
    eventually("all is committed", SOON, || line.is_caught_up());
    let account = Account::read(&line.client, &line.output)?;
    account.is_complete(&sent)?;
    account.is_in_order()?;
    assert_eq!(account.repeats(), 0);
    eventually("the condition is over", SOON, || {
        ensure!(host.condition("PSK-O002").is_err(), "it still holds");
        Ok(())
    });
    host.stop()
}

#[test]
fn an_output_topic_that_is_deleted_under_load_is_waited_for() -> Result<()> {
    let line = Line::new("deleted", 2)?;
    let flow = Flow::start(Load::new(&line.client, &line.input, 0)?, 2000);
    let host = Host::start(&line.loaded("h1", "classic")?)?;
    eventually("some are through", SOON, || {
        ensure!(
            host.account(&line.input, "unruly", "emitted")? > 1000,
            "not yet"
        );
        Ok(())
    });
    line.client.delete_topic(&line.output)?;
    eventually("both partitions wait", SOON, || {
        host.waits(&line.input, 0, "output")?;
        host.waits(&line.input, 1, "output")
    });
    // What was acknowledged went with the topic; all else is to come out of the new one.
    let gone = host.account(&line.input, "unruly", "emitted")?;
    line.client.create_topic(&line.output, 2, &[])?;
    let sent = flow.stop()?;
    eventually("all is committed", SOON, || line.is_caught_up());
    let account = Account::read(&line.client, &line.output)?;
    let there = (account.0.len() - account.repeats()) as u64;
    assert_eq!(gone + there, sent.iter().sum::<u64>());
    account.is_in_order()?;
    host.stop()
}

#[test]
fn an_output_that_the_topic_refuses_for_its_size_is_a_dead_letter() -> Result<()> {
    let line = Line::with_input_only("refused", 1)?;
    line.client
        .create_topic(&line.output, 1, &[("max.message.bytes", "1000")])?;
    line.client.create_topic(&line.dead, 1, &[])?;
    line.send(
        0,
        &[
            "ok 1",
            "output-bytes 2000",
            "ok 2",
            "output-bytes 3000",
            "ok 3",
        ],
    )?;
    let host = Host::start(&line.unruly("h1", "classic")?)?;
    eventually("all is committed", SOON, || line.is_caught_up());
    assert_eq!(line.outputs()?, ["ok 1", "ok 2", "ok 3"]);
    let letters = line.client.read_all(&line.dead)?;
    let values: Vec<_> = letters.iter().map(|letter| letter.text()).collect();
    assert_eq!(values, ["output-bytes 2000", "output-bytes 3000"]);
    for letter in &letters {
        assert_eq!(letter.header("penstock.code").as_deref(), Some("PSK-H010"));
        let text = letter.header("penstock.text").unwrap_or_default();
        assert!(
            text.contains(&line.output) && text.contains("size"),
            "{text}"
        );
    }
    host.stop()
}

#[test]
fn batches_larger_than_the_topic_takes_lose_nothing() -> Result<()> {
    let line = Line::with_input_only("batches", 2)?;
    line.client
        .create_topic(&line.output, 2, &[("max.message.bytes", "2000")])?;
    line.client.create_topic(&line.dead, 1, &[])?;
    let flow = Flow::start(Load::new(&line.client, &line.input, 150)?, 1000);
    let host = Host::start(&line.loaded("h1", "classic")?)?;
    eventually("some are sent", SOON, || {
        ensure!(flow.sent() > 2000, "not yet");
        Ok(())
    });
    let sent = flow.stop()?;
    eventually("all is committed", SOON, || line.is_caught_up());
    let account = Account::read(&line.client, &line.output)?;
    account.is_complete(&sent)?;
    assert_eq!(account.repeats(), 0);
    assert_eq!(line.dead_letters()?, [""; 0]);
    host.stop()
}

#[test]
fn an_output_without_a_key_is_refused_by_a_compacted_topic() -> Result<()> {
    let line = Line::with_input_only("compacted", 1)?;
    line.client
        .create_topic(&line.output, 1, &[("cleanup.policy", "compact")])?;
    line.client.create_topic(&line.dead, 1, &[])?;
    line.send(0, &["ok 1"])?;
    let keyless = penstock_tests::Outgoing::to(&line.input).partition(0);
    line.client.produce(&[keyless.value("ok 2")])?;
    line.send(0, &["ok 3"])?;
    let host = Host::start(&line.unruly("h1", "classic")?)?;
    eventually("all is committed", SOON, || line.is_caught_up());
    assert_eq!(line.outputs()?, ["ok 1", "ok 3"]);
    let letters = line.client.read_all(&line.dead)?;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].text(), "ok 2");
    assert_eq!(letters[0].key, None);
    assert_eq!(
        letters[0].header("penstock.code").as_deref(),
        Some("PSK-H010")
    );
    host.stop()
}
