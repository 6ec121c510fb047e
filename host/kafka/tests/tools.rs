//! What `peek` and `emit` stand on.

use std::time::Duration;

use anyhow::{Result, ensure};
use penstock_core::config::GroupProtocol;
use penstock_core::record::{Offset, OwnedHeader};
use penstock_kafka::emit::{Emitted, Emitter, Lies};
use penstock_kafka::inspect::{From, Look, Next, Peek, Peeked, group_positions};
use penstock_kafka::{MockKafka, ToolError};
use penstock_tests::{Broker, unique};

#[allow(dead_code, reason = "the source's tests use the rest")]
mod support;

const TIMEOUT: Duration = Duration::from_secs(10);

fn kafka(bootstrap: &str) -> penstock_core::config::Kafka {
    support::logged();
    support::kafka(bootstrap, GroupProtocol::Classic, "tools")
}

fn look(topic: &str, from: From) -> Look {
    Look {
        topic: topic.to_owned(),
        partition: None,
        from,
        follow: false,
        timeout: TIMEOUT,
    }
}

fn all(peek: &mut Peek) -> Result<Vec<Peeked>> {
    let mut records = Vec::new();
    loop {
        match peek.next(TIMEOUT)? {
            Next::Record(record) => records.push(record),
            Next::End => break,
            Next::Waiting => anyhow::bail!("nothing came for {TIMEOUT:?}"),
        }
    }
    records.sort_by_key(|record| (record.partition, record.offset.0));
    Ok(records)
}

fn emit(bootstrap: &str, topic: &str, count: i32) -> Result<Vec<Lies>> {
    let mut emitter = Emitter::connect(&kafka(bootstrap), "emit", topic, TIMEOUT)?;
    let headers = [OwnedHeader {
        name: b"\xff".to_vec(),
        value: None,
    }];
    let mut lies = Vec::new();
    for n in 0..count {
        emitter.send(Emitted {
            partition: Some(n % 2),
            key: Some(n.to_string().as_bytes()),
            headers: &headers,
            timestamp_ms: Some(i64::from(n + 1) * 1000),
            ..Emitted::default()
        })?;
        lies.extend(emitter.acknowledged());
    }
    lies.extend(emitter.finish()?);
    lies.sort_by_key(|lies| lies.index);
    Ok(lies)
}

fn emitted_is_peeked(bootstrap: &str, topic: &str) -> Result<()> {
    let lies = emit(bootstrap, topic, 6)?;
    let places: Vec<_> = lies
        .iter()
        .map(|lies| (lies.partition, lies.offset))
        .collect();
    ensure!(
        places == [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)],
        "{places:?}"
    );
    let peek = |from| -> Result<Vec<(i32, i64)>> {
        let mut peek = Peek::open(&kafka(bootstrap), "peek", &look(topic, from))?;
        let records = all(&mut peek)?;
        ensure!(
            records
                .iter()
                .all(|record| record.headers.len() == 1 && record.value.is_none())
        );
        Ok(records
            .iter()
            .map(|record| (record.partition, record.offset.0))
            .collect())
    };
    ensure!(peek(From::Start)?.len() == 6);
    ensure!(peek(From::End)?.is_empty());
    ensure!(peek(From::Offset(Offset(2)))? == [(0, 2), (1, 2)]);
    ensure!(peek(From::Last(1))? == [(0, 2), (1, 2)]);
    // Beyond the log, or before it, is where it ends or begins.
    ensure!(peek(From::Offset(Offset(99)))?.is_empty());
    Ok(())
}

#[test]
fn emitted_is_peeked_on_the_mock_cluster() -> Result<()> {
    let mock = MockKafka::start(&[("orders", 2)])?;
    emitted_is_peeked(&mock.bootstrap(), "orders")
}

#[test]
fn emitted_is_peeked_on_a_broker_also_by_time() -> Result<()> {
    let topic = unique("orders");
    let broker = Broker::shared();
    broker
        .client()
        .create_topic(&topic, 2, &[("retention.ms", "-1")])?;
    emitted_is_peeked(broker.bootstrap(), &topic)?;
    let from = look(&topic, From::Time(4500));
    let records = all(&mut Peek::open(&kafka(broker.bootstrap()), "peek", &from)?)?;
    let keys: Vec<_> = records
        .iter()
        .filter_map(|record| record.key.clone())
        .collect();
    ensure!(keys == [b"4".to_vec(), b"5".to_vec()], "{keys:?}");
    Ok(())
}

#[test]
fn following_waits_for_what_is_not_there_yet() -> Result<()> {
    let mock = MockKafka::start(&[("orders", 2)])?;
    let follow = Look {
        follow: true,
        ..look("orders", From::End)
    };
    let mut peek = Peek::open(&kafka(&mock.bootstrap()), "peek", &follow)?;
    ensure!(peek.next(Duration::from_millis(50))? == Next::Waiting);
    emit(&mock.bootstrap(), "orders", 1)?;
    let next = peek.next(TIMEOUT)?;
    ensure!(
        matches!(&next, Next::Record(record) if record.partition == 0),
        "{next:?}"
    );
    Ok(())
}

#[test]
fn mistakes_have_names() -> Result<()> {
    let broker = Broker::shared();
    let topic = unique("orders");
    broker.client().create_topic(&topic, 2, &[])?;
    let missing = Peek::open(
        &kafka(broker.bootstrap()),
        "peek",
        &look("no-such-topic", From::Start),
    );
    ensure!(matches!(missing, Err(ToolError::TopicMissing { .. })));
    let missing = Emitter::connect(&kafka(broker.bootstrap()), "emit", "no-such-topic", TIMEOUT);
    ensure!(matches!(missing, Err(ToolError::TopicMissing { .. })));
    let mut emitter = Emitter::connect(&kafka(broker.bootstrap()), "emit", &topic, TIMEOUT)?;
    let elsewhere = emitter.send(Emitted {
        partition: Some(2),
        ..Emitted::default()
    });
    ensure!(matches!(
        elsewhere,
        Err(ToolError::PartitionMissing {
            partition: 2,
            last: 1,
            ..
        })
    ));
    let timeout = Duration::from_millis(500);
    let nobody = Emitter::connect(&kafka("127.0.0.1:1"), "emit", &topic, timeout);
    ensure!(matches!(nobody, Err(ToolError::Unreachable { .. })));
    Ok(())
}

#[test]
fn a_group_that_never_committed_stands_nowhere() -> Result<()> {
    let mock = MockKafka::start(&[("orders", 2)])?;
    emit(&mock.bootstrap(), "orders", 3)?;
    let positions = group_positions(&kafka(&mock.bootstrap()), "look", "orders", TIMEOUT)?;
    let seen: Vec<_> = positions
        .iter()
        .map(|at| (at.committed, at.low, at.end))
        .collect();
    ensure!(seen == [(None, 0, 2), (None, 0, 1)], "{seen:?}");
    Ok(())
}
