//! Who shares a group.

use anyhow::Result;
use penstock_tests::Host;

use crate::own;
use crate::support::{Pace, SOON, Scene};

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

#[test]
fn a_stranger_that_has_partitions_of_a_hosts_group_is_named_by_the_watchdog() -> Result<()> {
    let scene = Scene::new("invaded", 2)?;
    let mut host = Host::start(&own::config(&scene)?)?;
    host.ready(SOON)?;
    let settings = [
        ("client.id", "audit-7"),
        // As the host's.
        ("partition.assignment.strategy", "cooperative-sticky"),
    ];
    let stranger = scene.worker(Pace::Quick, &settings)?;
    scene.settled(2);
    let said = host.wait_for_log("PSK-D005", own::WATCHED)?;
    for part in ["audit-7", "penstock-h1", "sees only a part of the records"] {
        assert!(said.contains(part), "no {part:?} in {said}");
    }
    let status = host.status()?;
    assert_eq!(status["findings"][0]["code"], "PSK-D005", "{status:#}");
    drop(stranger);
    host.wait_for_log("found before, and over now", own::WATCHED)?;
    host.stop()
}
