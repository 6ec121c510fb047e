//! What the project was born from: connected, subscribed, and silent.

use anyhow::Result;
use penstock_tests::Host;
use penstock_tests::HostConfig;
use penstock_tests::plugin;

use crate::support::{Doctor, Pace, SOON, Scene};

#[test]
fn a_group_that_begins_at_the_end_is_told_what_it_misses() -> Result<()> {
    for protocol in ["classic", "consumer"] {
        let scene = Scene::new("purchases", 3)?;
        scene.send(0, 1)?;
        scene.send(2, 1)?;
        let settings = [
            ("auto.offset.reset", "latest"),
            ("group.protocol", protocol),
            ("client.id", "purchase-worker"),
        ];
        let _worker = scene.worker(Pace::Quick, &settings)?;
        scene.settled(1);
        let seen = scene.doctor().examine()?;
        let finding = seen.only("PSK-D001");
        let text = finding.to_string();
        for part in [
            "2 records wait in partitions 0 and 2",
            "auto.offset.reset=latest",
            "committed -, log 0 to 1, 1 waiting, owner purchase-worker on 127.0.0.1",
            "--partition 0 --partition 2 --to earliest",
        ] {
            assert!(text.contains(part), "no {part:?} in {text}");
        }
        assert_eq!(finding["stage"], "position");
        let watched = seen.said["watched-ms"].as_i64();
        assert!(watched.is_some_and(|ms| ms < 10_000), "{watched:?}");
    }
    Ok(())
}

#[test]
fn a_group_that_begins_at_the_first_record_is_healthy() -> Result<()> {
    let scene = Scene::new("from-the-first", 1)?;
    scene.send(0, 1)?;
    // Commits come no sooner than by default.
    let worker = scene.worker(Pace::Quick, &[("auto.commit.interval.ms", "5000")])?;
    worker.await_handled(1);
    // At whichever moment between the first record and the first commit.
    scene.doctor().examine()?.healthy();
    scene.caught_up();
    scene.doctor().examine()?.healthy();
    Ok(())
}

#[test]
fn a_penstock_host_is_examined_by_its_configuration() -> Result<()> {
    let scene = Scene::new("own", 2)?;
    let output = format!("{}.out", scene.topic);
    scene.client.create_topic(&output, 1, &[])?;
    scene.send(0, 3)?;
    let config = HostConfig::new(scene.client.bootstrap(), &scene.group, "h1")
        .handler("unruly", &plugin("unruly")?, &[("out", &output)])
        .topic(&scene.topic, &["unruly"], "latest", None);
    let mut host = Host::start(&config)?;
    host.ready(SOON)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("penstock.toml");
    std::fs::write(&file, config.toml()?)?;
    let file = file.display().to_string();
    let seen = Doctor::with(&["-c", &file]).examine()?;
    let notes = seen.healthy();
    assert_eq!(seen.said["group"], scene.group.as_str());
    assert!(notes.contains("nothing waits"), "{notes}");
    host.stop()
}
