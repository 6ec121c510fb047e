//! Others in the group.

use anyhow::Result;

use crate::support::{Pace, SOON, Scene};
use crate::world::World;
use penstock_tests::Host;

fn scene(world: &World) -> Result<Scene> {
    Ok(Scene {
        client: penstock_tests::Client::new(world.client.bootstrap())?,
        topic: world.input.clone(),
        group: world.group.clone(),
    })
}

#[test]
fn another_application_is_named_and_its_assignor_does_not_mix() -> Result<()> {
    for (assignor, part) in [
        ("range", "by range, the host by cooperative-sticky"),
        ("cooperative-sticky", "another application is in the group"),
    ] {
        let world = World::new("strangers")?;
        let scene = scene(&world)?;
        let settings = [
            ("client.id", "kafkajs-worker"),
            ("partition.assignment.strategy", assignor),
        ];
        let _worker = scene.worker(Pace::Quick, &settings)?;
        scene.settled(1);
        let found = world.only(1, "PSK-B008", "problem", &world.group);
        found.says(part);
        found.says("kafkajs-worker on 127.0.0.1");
    }
    Ok(())
}

#[test]
fn a_host_of_the_group_is_no_stranger() -> Result<()> {
    let world = World::new("host")?;
    for protocol in ["classic", "consumer"] {
        let config = world.config()?.protocol(protocol);
        let mut host = Host::start(&config)?;
        host.ready(SOON)?;
        assert!(world.findings_of(&config, 0)?.is_empty());
        host.stop()?;
    }
    Ok(())
}
