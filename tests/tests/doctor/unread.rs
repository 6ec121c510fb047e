//! Records that a client does not get, or only slowly.

use anyhow::Result;
use penstock_tests::{Outgoing, Producer};

use crate::support::{Pace, Scene};

/// Three records that are handled and committed, and one of so many bytes behind them.
fn with_a_large_one(scene: &Scene, bytes: usize, settings: &[(&str, &str)]) -> Result<String> {
    scene.send(0, 3)?;
    let worker = scene.worker(Pace::Quick, settings)?;
    worker.await_handled(3);
    scene.caught_up();
    // Nothing that could be compressed on the way.
    let value: Vec<u8> = (0..bytes).map(|at| (at * at / 7) as u8).collect();
    let record = Outgoing::to(&scene.topic).partition(0).value(value);
    let large = [("message.max.bytes", "3000000")];
    let producer = Producer::with_settings(scene.client.bootstrap(), &large)?;
    producer.send(&record)?;
    producer.flush()?;
    let seen = scene.doctor().examine()?;
    Ok(seen.only("PSK-D008").to_string())
}

#[test]
fn a_batch_larger_than_the_client_takes_is_named_with_its_size() -> Result<()> {
    let scene = Scene::without_topic("large")?;
    let large = [("max.message.bytes", "5000000")];
    scene.client.create_topic(&scene.topic, 1, &large)?;
    // What a broker sends beyond it is not taken.
    let limits = [
        ("message.max.bytes", "500000"),
        ("fetch.max.bytes", "500000"),
        ("receive.message.max.bytes", "1000000"),
    ];
    let text = with_a_large_one(&scene, 2_000_000, &limits)?;
    for part in [
        "committed 3, log 0 to 4, 1 waiting",
        "1 record at 3 to 3, 20000",
        "are more than receive.message.max.bytes (librdkafka) allows",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    Ok(())
}

#[test]
fn a_client_that_is_throttled_is_told_its_quota() -> Result<()> {
    let scene = Scene::new("throttled", 1)?;
    let id = format!("{}-worker", scene.group);
    scene.client.limit_reading(&id, Some(100))?;
    let text = with_a_large_one(&scene, 100_000, &[("client.id", &id)])?;
    for part in [
        "it is throttled",
        "at most 100 bytes a second from each broker for client.id throttled",
        "at which the next batch alone takes 16 min",
        "--alter --delete-config consumer_byte_rate --entity-type clients --entity-name throttled",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    Ok(())
}

#[test]
fn the_same_record_is_no_fault_to_a_client_without_such_limits() -> Result<()> {
    let scene = Scene::new("takes-it", 1)?;
    scene
        .client
        .limit_reading(&format!("{}-other", scene.group), Some(100))?;
    scene.send(0, 3)?;
    let worker = scene.worker(Pace::Quick, &[])?;
    let record = Outgoing::to(&scene.topic).partition(0);
    scene
        .client
        .produce(&[record.value(vec![7; 100_000])])
        .map(drop)?;
    worker.await_handled(4);
    scene.caught_up();
    scene.doctor().examine()?.healthy();
    Ok(())
}
