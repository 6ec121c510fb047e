//! Who shares a group.

use anyhow::Result;

use crate::support::{Pace, Scene};

#[test]
fn another_application_in_the_group_is_named() -> Result<()> {
    let scene = Scene::new("shared", 2)?;
    let _one = scene.worker(Pace::Quick, &[("client.id", "purchase-worker-1")])?;
    let _other = scene.worker(Pace::Quick, &[("client.id", "audit-7")])?;
    scene.settled(2);
    let seen = scene.doctor().examine()?;
    let cause = seen.only("PSK-D005")["cause"].to_string();
    assert!(
        cause.contains("audit-7") && cause.contains("purchase-worker-1"),
        "{cause}"
    );
    Ok(())
}

#[test]
fn instances_of_one_application_are_no_strangers_and_the_spare_one_stands_by() -> Result<()> {
    let scene = Scene::new("spare", 1)?;
    scene.send(0, 3)?;
    let _one = scene.worker(Pace::Quick, &[("client.id", "purchase-worker-1")])?;
    let _other = scene.worker(Pace::Quick, &[("client.id", "purchase-worker-2")])?;
    scene.settled(2);
    scene.caught_up();
    let notes = scene.doctor().examine()?.healthy();
    assert!(
        notes.contains("one member stands by (purchase-worker-"),
        "{notes}"
    );
    Ok(())
}
