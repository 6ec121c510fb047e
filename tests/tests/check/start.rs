//! What a start would process, and offsets outside of their logs.

use anyhow::Result;
use penstock_tests::Outgoing;
use serde_json::Value;

use crate::world::World;

fn send(world: &World, partition: i32, records: usize) -> Result<()> {
    let record = Outgoing::to(&world.input)
        .partition(partition)
        .key("k")
        .value("ok");
    world.client.produce(&vec![record; records]).map(drop)
}

fn at_start(world: &World, args: &[(&str, &str)]) -> Result<Value> {
    let config = args
        .iter()
        .try_fold(world.config()?, |config, (key, value)| {
            anyhow::Ok(config.set(&["topics", &world.input, key], *value))
        })?;
    let ended = world.check_of(&config, &["--json"])?;
    let said: Value = serde_json::from_str(&ended.out)?;
    Ok(said["broker"]["at-start"][0].clone())
}

#[test]
fn a_group_goes_on_and_says_what_may_come_again() -> Result<()> {
    let world = World::new("goes-on")?;
    send(&world, 0, 10)?;
    send(&world, 1, 5)?;
    let latest = at_start(&world, &[("start", "latest")])?;
    assert_eq!(
        (&latest["records"], &latest["skipped"]),
        (&0.into(), &15.into())
    );
    let timed = at_start(&world, &[("start", "2030-01-01T00:00:00Z")])?;
    assert_eq!(
        (&timed["records"], &timed["skipped"]),
        (&0.into(), &15.into())
    );
    world.client.commit(&world.group, &world.input, 0, 6)?;
    let committed = at_start(&world, &[])?;
    assert_eq!(
        (&committed["records"], &committed["again"]),
        (&9.into(), &5.into())
    );
    Ok(())
}

#[test]
fn offsets_outside_of_the_log_are_told_apart() -> Result<()> {
    let world = World::new("outside")?;
    send(&world, 0, 10)?;
    world.client.commit(&world.group, &world.input, 0, 2)?;
    world.client.commit(&world.group, &world.input, 1, 0)?;
    world.client.delete_records(&world.input, 0, 8)?;
    world
        .only(0, "PSK-B011", "warning", &world.input)
        .says("up to 6 records");
    world.client.commit(&world.group, &world.input, 0, 30)?;
    world
        .only(1, "PSK-B011", "problem", &world.input)
        .says("committed 30");
    Ok(())
}
