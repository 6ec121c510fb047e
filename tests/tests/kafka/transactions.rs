//! Inputs written in transactions: what is aborted is never processed, and offsets have gaps.

use anyhow::{Context, Result, ensure};
use penstock_tests::{Host, eventually};
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::support::{Line, SOON, Watch};

/// How long one step of a transaction may take.
const STEP: std::time::Duration = std::time::Duration::from_secs(20);

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
