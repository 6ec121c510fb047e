//! Records that a client does not get, or only slowly.

use anyhow::Result;
use penstock_tests::{Broker, BrokerOptions, Outgoing, Producer};

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

#[test]
fn a_batch_that_is_damaged_on_the_disk_is_named_with_its_place() -> Result<()> {
    let mut broker = Broker::start(BrokerOptions::default())?;
    let scene = Scene::on(&broker, "damaged", 2)?;
    scene.send(0, 3)?;
    scene.send(1, 3)?;
    // It checks, as Java's client does without being told.
    let settings = [("check.crcs", "true")];
    let worker = scene.worker(Pace::Quick, &settings)?;
    worker.await_handled(6);
    scene.caught_up();
    drop(worker);
    let gzip = [("compression.type", "gzip")];
    let producer = Producer::with_settings(broker.bootstrap(), &gzip)?;
    let record = Outgoing::to(&scene.topic).partition(0);
    producer.send(&record.value("v".repeat(2_000)))?;
    producer.flush()?;
    broker.damage(&scene.topic, 0)?;
    let worker = scene.worker(Pace::Quick, &settings)?;
    scene.send(1, 2)?;
    worker.await_handled(2);
    let seen = scene.doctor().examine()?;
    let finding = seen.only("PSK-D016");
    assert_eq!(finding["subject"], format!("{}[0]", scene.topic));
    assert_eq!(finding["certainty"], "certain");
    let text = finding.to_string();
    for part in [
        "at 3 to 3, which is to be read next, does not match its checksum",
        "committed 3, log 0 to 4, 1 waiting",
        "gzip",
        "--partition 0 --to 4",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    Ok(())
}
