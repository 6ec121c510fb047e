//! Topics that aren't there, or not the same any more.

use std::time::Duration;

use anyhow::Result;
use penstock_tests::process::Process;

use crate::support::{Doctor, Pace, SOON, Scene};

#[test]
fn a_subscription_to_a_topic_that_does_not_exist_is_seen() -> Result<()> {
    let scene = Scene::without_topic("misspelt")?;
    let right = format!("{}s", scene.topic);
    scene.client.create_topic(&right, 1, &[])?;
    // With the classic protocol, librdkafka does not join as long as there is no topic.
    let _worker = scene.worker(Pace::Quick, &[("group.protocol", "consumer")])?;
    scene.settled(1);
    let seen = scene.doctor().examine()?;
    let text = seen.only("PSK-D004").to_string();
    assert!(text.contains("a member subscribes to the topic"), "{text}");
    assert!(text.contains(&right), "{text}");
    Ok(())
}

#[test]
fn a_topic_that_is_made_again_meanwhile_is_noticed_and_can_be_diagnosed_elsewhere() -> Result<()> {
    let scene = Scene::new("remade", 1)?;
    scene.send(0, 3)?;
    let _worker = scene.worker(Pace::Quick, &[("auto.offset.reset", "latest")])?;
    scene.settled(1);
    let folder = tempfile::tempdir()?;
    let saved = folder.path().join("snapshot.json").display().to_string();
    // Nothing is committed, so it is watched for a while.
    let doctor = scene.doctor().and(&["--save", &saved]);
    let mut running = Process::spawn(doctor.command()?, &folder.path().join("doctor.log"))?;
    running.wait_for_log("watching it for up to 6s", SOON)?;
    scene.client.delete_topic(&scene.topic)?;
    scene.client.create_topic(&scene.topic, 1, &[])?;
    let status = running.wait_exit(Duration::from_secs(30))?;
    assert_eq!(status.code(), Some(1), "{}", running.log());
    assert!(running.log().contains("PSK-D003"), "{}", running.log());

    let seen = Doctor::with(&["--from", &saved]).examine()?;
    assert_eq!(seen.exit, Some(1));
    assert!(seen.codes().contains(&"PSK-D003"), "{:#}", seen.said);
    Ok(())
}
