//! Settings of topics that don't suit what the configuration does, each set for real.

use anyhow::Result;
use penstock_tests::Outgoing;

use crate::world::World;

const HOUR_MS: i64 = 3_600_000;

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.expect("after 1970").as_millis()).expect("it fits")
}

/// A record in the input that is so old.
fn old(world: &World, age_ms: i64) -> Result<()> {
    let record = Outgoing::to(&world.input).partition(0).key("k").value("ok");
    world
        .client
        .produce(&[record.timestamp(now_ms() - age_ms)])
        .map(drop)
}

#[test]
fn sizes() -> Result<()> {
    let world = World::new("sizes")?;
    world
        .client
        .set_topic(&world.output, &[("max.message.bytes", "1000")])?;
    world
        .only(0, "PSK-B004", "note", &world.output)
        .says("524288");
    world.client.set_topic(&world.output, &[])?;
    world
        .client
        .set_topic(&world.dead, &[("max.message.bytes", "1000")])?;
    world
        .only(0, "PSK-B004", "warning", &world.dead)
        .says("--add-config max.message.bytes=");
    Ok(())
}

#[test]
fn compaction() -> Result<()> {
    let world = World::new("compaction")?;
    world
        .client
        .set_topic(&world.output, &[("cleanup.policy", "compact")])?;
    world
        .only(0, "PSK-B006", "note", &world.output)
        .says("unruly");
    Ok(())
}

#[test]
fn replicas() -> Result<()> {
    let world = World::new("replicas")?;
    world
        .client
        .set_topic(&world.output, &[("min.insync.replicas", "2")])?;
    world
        .only(1, "PSK-B002", "problem", &world.output)
        .says("1 replica of 2");
    Ok(())
}

#[test]
fn retries_by_key() -> Result<()> {
    let world = World::new("retries")?;
    let retry = |key| ["handlers", "unruly", "retry", key];
    let config = world.config()?.set(&retry("mode"), "key");
    // Nothing lies there; then a record in each partition, one of them without a key.
    assert!(world.findings_of(&config, 0)?.is_empty());
    let record = |partition| Outgoing::to(&world.input).partition(partition).value("ok");
    world.client.produce(&[record(0).key("k")])?;
    let ended = world.check_of(&config, &[])?;
    assert!(
        ended.out.contains("have keys that can wait"),
        "{}",
        ended.out
    );
    world.client.produce(&[record(1)])?;
    let of = ("PSK-B014", "warning", world.input.as_str());
    world
        .only_of(&config, 0, of)
        .says("1 of the latest 2 records have none, as [1] 0");

    let patient = world
        .config()?
        .set(&retry("attempts"), 1000)
        .set(&retry("backoff"), "1s..10m");
    world
        .client
        .set_topic(&world.input, &[("retention.ms", "3600000")])?;
    let of = ("PSK-B013", "problem", world.input.as_str());
    world.only_of(&patient, 1, of).says("within 24 h 0 min");
    Ok(())
}

#[test]
fn retention() -> Result<()> {
    let world = World::new("retention")?;
    old(&world, 50 * 60_000)?;
    // The broker looks for what is to be deleted every five minutes.
    world
        .client
        .set_topic(&world.input, &[("retention.ms", "3600000")])?;
    world
        .only(0, "PSK-B005", "warning", &world.input)
        .says("are deleted in");
    Ok(())
}

#[test]
fn timestamps() -> Result<()> {
    let world = World::new("timestamps")?;
    old(&world, 5 * HOUR_MS)?;
    let topic = &world.output;
    for (key, value, part) in [
        (
            "message.timestamp.before.max.ms",
            "3600000",
            "refuses outputs",
        ),
        ("retention.ms", "3600000", "soon after they arrive"),
    ] {
        world.client.set_topic(topic, &[(key, value)])?;
        world.only(0, "PSK-B007", "warning", topic).says(part);
    }
    world
        .client
        .set_topic(topic, &[("message.timestamp.type", "LogAppendTime")])?;
    world
        .only(0, "PSK-B007", "note", topic)
        .says("LogAppendTime");
    let now = world
        .config()?
        .set(&["handlers", "unruly", "timestamp"], "now");
    assert!(world.findings_of(&now, 0)?.is_empty());
    Ok(())
}
