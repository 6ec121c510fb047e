//! Nothing to read, all read, and a hundred partitions in a moment.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::Result;
use penstock_tests::{Outgoing, Producer};

use crate::support::{Pace, Scene};

#[test]
fn an_idle_group_is_healthy() -> Result<()> {
    let scene = Scene::new("idle", 2)?;
    let worker = scene.worker(Pace::Quick, &[])?;
    scene.settled(1);
    // Nothing was ever written, and nothing is committed.
    let notes = scene.doctor().examine()?.healthy();
    assert!(notes.contains("nothing waits"), "{notes}");
    scene.send(0, 3)?;
    scene.send(1, 3)?;
    worker.await_handled(6);
    scene.caught_up();
    let notes = scene.doctor().examine()?.healthy();
    assert!(notes.contains("nothing waits"), "{notes}");
    drop(worker);
    // Nobody is there, and nothing to do.
    let notes = scene.doctor().examine()?.healthy();
    assert!(notes.contains("nobody is in the group"), "{notes}");
    Ok(())
}

#[test]
fn a_hundred_partitions_are_examined_in_a_moment() -> Result<()> {
    let scene = Scene::new("wide", 100)?;
    for partition in (0..100).step_by(10) {
        scene.send(partition, 2)?;
    }
    let worker = scene.worker(Pace::Quick, &[])?;
    worker.await_handled(20);
    penstock_tests::eventually("all is committed", crate::support::SOON, || {
        let committed = scene.client.committed(&scene.group, &scene.topic)?;
        let done = committed.values().filter(|at| **at == Some(2)).count();
        anyhow::ensure!(done == 10, "{done} of 10");
        Ok(())
    });
    let seen = scene.doctor().examine()?;
    seen.healthy();
    println!("a group of 100 partitions: {:?}", seen.took);
    assert_eq!(seen.said["watched-ms"], 0);
    Ok(())
}

#[test]
fn members_that_come_and_go_under_load_are_healthy() -> Result<()> {
    let scene = Scene::new("lively", 4)?;
    let producer = Producer::new(scene.client.bootstrap())?;
    let record = Outgoing::to(&scene.topic).value("v");
    let (stop, stopped) = channel::<()>();
    let load = std::thread::spawn(move || -> Result<()> {
        while stopped.recv_timeout(Duration::from_millis(10)) == Err(RecvTimeoutError::Timeout) {
            (0..3).try_for_each(|_| producer.send(&record))?;
        }
        producer.flush().map(drop)
    });
    // Commits as seldom as by default.
    let settings = [
        ("auto.commit.interval.ms", "5000"),
        ("client.id", "lively-1"),
    ];
    let first = scene.worker(Pace::Quick, &settings)?;
    first.await_handled(1);
    for _ in 0..3 {
        scene.doctor().examine()?.healthy();
        let second = scene.worker(Pace::Quick, &settings)?;
        scene.doctor().examine()?.healthy();
        second.await_handled(1);
        scene.doctor().examine()?.healthy();
        drop(second);
    }
    drop(stop);
    load.join().expect("the producer")
}
