//! Inputs written in transactions: what is aborted is never processed, and offsets have gaps.

use anyhow::{Context, Result, ensure};
use penstock_tests::{Host, eventually};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use crate::support::{Line, SOON, Watch};

/// How long one step of a transaction may take.
const STEP: std::time::Duration = std::time::Duration::from_secs(20);

/// The watchdog looks every ten seconds, and compares two looks.
const WATCHED: std::time::Duration = std::time::Duration::from_secs(90);

fn transactional(line: &Line) -> Result<BaseProducer> {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", line.client.bootstrap())
        .set("transactional.id", &line.group)
        .create()?;
    producer.init_transactions(STEP)?;
    Ok(producer)
}

fn send(producer: &BaseProducer, topic: &str, values: &[&str]) -> Result<()> {
    producer.begin_transaction()?;
    for value in values {
        let record = BaseRecord::to(topic).key("k").partition(0).payload(*value);
        producer.send(record).map_err(|(error, _)| error)?;
    }
    producer.flush(STEP).context("not all was acknowledged")
}

#[test]
fn only_what_is_committed_is_processed() -> Result<()> {
    let line = Line::new("transactions", 1)?;
    let producer = transactional(&line)?;
    send(&producer, &line.input, &["ok 1", "ok 2"])?;
    producer.commit_transaction(STEP)?;
    send(&producer, &line.input, &["ok aborted"])?;
    producer.abort_transaction(STEP)?;
    send(&producer, &line.input, &["ok 3"])?;
    producer.commit_transaction(STEP)?;
    send(&producer, &line.input, &["ok open"])?;

    let host = Host::start(&line.unruly("h1", "classic")?)?;
    // 0, 1, a marker; 3, a marker; 5, a marker; 7 in an open transaction.
    let committed = |expected: i64| {
        eventually("it is committed", SOON, || {
            let committed = line.client.committed(&line.group, &line.input)?;
            ensure!(committed[&0] == Some(expected), "{committed:?}");
            Ok(())
        });
    };
    committed(6);
    assert_eq!(line.outputs()?, ["ok 1", "ok 2", "ok 3"]);
    producer.commit_transaction(STEP)?;
    committed(8);
    assert_eq!(line.outputs()?, ["ok 1", "ok 2", "ok 3", "ok open"]);
    assert_eq!(host.account(&line.input, "unruly", "begun")?, 4);
    host.stop()
}

/// The offsets of the group lie in a transaction that does not end: the host waits, and says for
/// what.
#[test]
fn a_commit_in_an_open_transaction_is_waited_for_and_named() -> Result<()> {
    let line = Line::new("pending", 1)?;
    line.send(0, &["ok 1", "ok 2"])?;
    line.client.commit(&line.group, &line.input, 0, 0)?;
    let producer = transactional(&line)?;
    producer.begin_transaction()?;
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", line.client.bootstrap())
        .set("group.id", &line.group)
        .create()?;
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(&line.input, 0, Offset::Offset(1))?;
    let group = consumer.group_metadata().context("it has a group")?;
    producer.send_offsets_to_transaction(&offsets, &group, STEP)?;
    let mut host = Host::start(&line.unruly("h1", "classic")?)?;
    let said = host.wait_for_log(r#""code":"PSK-D015""#, WATCHED)?;
    ensure!(said.contains(&line.group), "{said}");
    let waits = host.condition("PSK-K001")?["text"].to_string();
    ensure!(waits.contains("a transaction that commits them"), "{waits}");
    producer.commit_transaction(STEP)?;
    eventually("all is committed", SOON, || line.is_caught_up());
    assert_eq!(line.outputs()?, ["ok 2"]);
    host.wait_for_log("found before, and over now", SOON)?;
    host.stop()
}
