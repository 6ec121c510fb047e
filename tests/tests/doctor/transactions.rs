//! Transactions that hold back what was written, and their markers.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use penstock_tests::eventually;
use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::support::{Pace, SOON, Scene};

/// How long one step of a transaction may take.
pub const STEP: Duration = Duration::from_secs(20);

/// Begins a transaction and writes two records to partition 0.
pub fn begin(scene: &Scene) -> Result<BaseProducer> {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", scene.client.bootstrap())
        .set("transactional.id", &scene.group)
        .create()?;
    producer.init_transactions(STEP)?;
    producer.begin_transaction()?;
    for value in ["1", "2"] {
        let record = BaseRecord::<str, str>::to(&scene.topic)
            .partition(0)
            .payload(value);
        producer.send(record).map_err(|(error, _)| error)?;
    }
    producer.flush(STEP).context("not all was acknowledged")?;
    Ok(producer)
}

#[test]
fn a_transaction_that_stays_open_is_named() -> Result<()> {
    let scene = Scene::new("held", 1)?;
    scene.send(0, 3)?;
    let _worker = scene.worker(Pace::Quick, &[])?;
    scene.caught_up();
    let producer = begin(&scene)?;
    scene.doctor().examine()?.healthy();
    // For the first ten seconds it is usual.
    let seen = eventually("it is found", SOON, || {
        let seen = scene.doctor().examine()?;
        ensure!(seen.exit == Some(1), "not yet");
        Ok(seen)
    });
    let text = seen.only("PSK-D010").to_string();
    for part in [
        "up to 2 records",
        "held back by the transaction of held-",
        "waits at 3 until it ends",
        "forceTerminateTransaction --transactionalId held-",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    producer.commit_transaction(STEP)?;
    scene.doctor().examine()?.healthy();
    Ok(())
}

#[test]
fn a_lag_of_markers_is_no_lag() -> Result<()> {
    let scene = Scene::new("markers", 1)?;
    let worker = scene.worker(Pace::Quick, &[])?;
    begin(&scene)?.commit_transaction(STEP)?;
    worker.await_handled(2);
    eventually("what was handled is committed", SOON, || {
        let committed = scene.client.committed(&scene.group, &scene.topic)?;
        ensure!(committed[&0] == Some(2), "{committed:?}");
        Ok(())
    });
    let seen = scene.doctor().examine()?;
    let notes = seen.healthy();
    assert!(notes.contains("is no record to read"), "{notes}");
    assert_eq!(seen.said["watched-ms"], 0);
    Ok(())
}
