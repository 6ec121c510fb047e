//! Members that live and don't get on.

use std::time::Duration;

use anyhow::{Result, ensure};
use penstock_tests::{Outgoing, Producer, eventually};

use crate::support::{Pace, SOON, Scene};

#[test]
fn a_handler_that_hangs_is_among_the_candidates() -> Result<()> {
    let scene = Scene::new("hangs", 1)?;
    scene.send(0, 7)?;
    let worker = scene.worker(Pace::HangsAfter(3), &[("client.id", "worker-1")])?;
    worker.await_handled(3);
    eventually("what was handled is committed", SOON, || {
        let committed = scene.client.committed(&scene.group, &scene.topic)?;
        ensure!(committed[&0] == Some(3), "{committed:?}");
        Ok(())
    });
    let seen = scene.doctor().examine()?;
    let finding = seen.only("PSK-D008");
    let text = finding.to_string();
    assert_eq!(finding["certainty"], "candidate");
    for part in [
        "4 records wait in partition 0",
        "its handler hangs",
        "committed 3, log 0 to 7, 4 waiting, owner worker-1 on 127.0.0.1",
        "it is paused",
        "--from 3 -n 1",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    Ok(())
}

#[test]
fn a_group_that_is_slower_than_its_producers_never_catches_up() -> Result<()> {
    let scene = Scene::new("slow", 1)?;
    scene.send(0, 5000)?;
    let worker = scene.worker(Pace::Each(Duration::from_millis(20)), &[])?;
    worker.await_handled(3);
    scene.committed();
    let producer = Producer::new(scene.client.bootstrap())?;
    let record = Outgoing::to(&scene.topic).partition(0).value("v");
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let load = std::thread::spawn(move || -> Result<()> {
        use std::sync::mpsc::RecvTimeoutError::Timeout;
        while stopped.recv_timeout(Duration::from_millis(20)) == Err(Timeout) {
            (0..3).try_for_each(|_| producer.send(&record))?;
        }
        producer.flush().map(drop)
    });
    let seen = scene.doctor().examine();
    drop(stop);
    load.join().expect("the producer")?;
    let seen = seen?;
    let cause = seen.only("PSK-D009")["cause"].to_string();
    assert!(
        cause.contains("slower than the producers") && cause.contains("/s written"),
        "{cause}"
    );
    Ok(())
}

#[test]
fn a_group_that_works_off_a_backlog_is_healthy() -> Result<()> {
    let scene = Scene::new("backlog", 1)?;
    scene.send(0, 5000)?;
    let worker = scene.worker(Pace::Each(Duration::from_millis(5)), &[])?;
    worker.await_handled(3);
    scene.committed();
    let seen = scene.doctor().examine()?;
    let notes = seen.healthy();
    assert!(notes.contains("caught up in about"), "{notes}");
    let watched = seen.said["watched-ms"].as_i64();
    assert!(watched.is_some_and(|ms| ms < 6_000), "{watched:?}");
    Ok(())
}
