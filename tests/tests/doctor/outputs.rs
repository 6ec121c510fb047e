//! Offsets that advance, with outputs and without.

use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::Result;
use penstock_tests::{Doctor, Outgoing, Producer};

use crate::support::{Pace, Scene};

/// Long enough for any watching.
const BACKLOG: usize = 20_000;
const PACE: Pace = Pace::Each(Duration::from_millis(5));

fn output(scene: &Scene) -> String {
    format!("{}.out", scene.group)
}

fn doctor(scene: &Scene) -> Doctor {
    scene.doctor().and(&["--output", &output(scene)])
}

#[test]
fn a_group_that_commits_and_produces_nothing_is_found() -> Result<()> {
    let scene = Scene::new("swallows", 1)?;
    scene.client.create_topic(&output(&scene), 2, &[])?;
    scene.send(0, BACKLOG)?;
    let worker = scene.worker(PACE, &[])?;
    worker.await_handled(3);
    scene.committed();
    let seen = doctor(&scene).examine()?;
    let finding = seen.only("PSK-D019");
    assert_eq!(finding["certainty"], "candidate");
    let text = finding.to_string();
    for part in [
        "were handled and committed within",
        "nothing arrived in",
        "nothing arrived; it holds no record",
        "it filters",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    // Without the topic's name, nothing can be said.
    scene.doctor().examine()?.healthy();
    Ok(())
}

#[test]
fn a_group_whose_outputs_arrive_is_healthy() -> Result<()> {
    let scene = Scene::new("produces", 1)?;
    let output = output(&scene);
    scene.client.create_topic(&output, 2, &[])?;
    scene.send(0, BACKLOG)?;
    let worker = scene.worker(PACE, &[])?;
    worker.await_handled(3);
    scene.committed();
    let producer = Producer::new(scene.client.bootstrap())?;
    let (stop, stopped) = channel::<()>();
    let forward = std::thread::spawn(move || -> Result<()> {
        let record = Outgoing::to(&output).value("v");
        while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            worker.await_handled(1);
            producer.send(&record)?;
        }
        producer.flush().map(drop)
    });
    let seen = doctor(&scene).examine();
    drop(stop);
    forward.join().expect("the outputs")?;
    let seen = seen?;
    seen.healthy();
    let stages = seen.said["stages"].to_string();
    assert!(stages.contains("arrived in"), "{stages}");
    Ok(())
}

#[test]
fn a_group_with_nothing_to_do_needs_no_outputs() -> Result<()> {
    let scene = Scene::new("rests", 1)?;
    scene.client.create_topic(&output(&scene), 1, &[])?;
    scene.send(0, 3)?;
    let worker = scene.worker(Pace::Quick, &[])?;
    worker.await_handled(3);
    scene.caught_up();
    let notes = doctor(&scene).examine()?.healthy();
    assert!(notes.contains("nothing had to arrive in"), "{notes}");
    Ok(())
}

#[test]
fn an_output_topic_that_does_not_exist_is_named() -> Result<()> {
    let scene = Scene::new("nowhere", 1)?;
    let right = format!("{}s", output(&scene));
    scene.client.create_topic(&right, 1, &[])?;
    let _worker = scene.worker(Pace::Quick, &[])?;
    scene.settled(1);
    let seen = doctor(&scene).examine()?;
    let text = seen.only("PSK-D004").to_string();
    assert!(
        text.contains("the output topic") && text.contains(&right),
        "{text}"
    );
    Ok(())
}
