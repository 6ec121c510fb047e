//! A host of Penstock: asked from outside, and by its own watchdog.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use penstock_tests::{Host, HostConfig, eventually, plugin};
use rdkafka::producer::Producer;
use serde_json::Value;

use crate::support::{Doctor, SOON, Scene};
use crate::transactions;

/// A look every ten seconds, of which two are needed, after a threshold of ten seconds.
pub const WATCHED: Duration = Duration::from_secs(60);

/// A host with the unruly plugin on a scene's topic.
pub fn config(scene: &Scene) -> Result<HostConfig> {
    let output = format!("{}.out", scene.group);
    scene.client.create_topic(&output, 1, &[])?;
    Ok(
        HostConfig::new(scene.client.bootstrap(), &scene.group, "h1")
            .set(&["kafka", "commit-interval"], "100ms")
            .handler("unruly", &plugin("unruly")?, &[("out", &output)])
            .topic(&scene.topic, &["unruly"], "earliest", None),
    )
}

/// The doctor of a host's configuration.
fn doctor(host: &Host) -> Result<Doctor> {
    let file = host.config_file();
    Ok(Doctor::with(&[
        "-c",
        file.to_str().context("a path in UTF-8")?,
    ]))
}

/// What a stage says.
fn stage<'s>(said: &'s Value, name: &str) -> (&'s str, &'s str) {
    let stages = said["stages"].as_array().into_iter().flatten();
    let mut stages = stages.filter(|of| of["stage"] == name);
    let of = stages.next().expect("each stage is reported");
    (
        of["state"].as_str().unwrap_or_default(),
        of["text"].as_str().unwrap_or_default(),
    )
}

#[test]
fn a_host_tells_the_doctor_what_it_does_and_why_it_halts() -> Result<()> {
    let scene = Scene::new("own", 2)?;
    let mut host = Host::start(&config(&scene)?)?;
    host.ready(SOON)?;
    let doctor = doctor(&host)?;
    scene.send_values(0, &["ok 1", "ok 2"])?;
    scene.caught_up();
    let seen = doctor.examine()?;
    seen.healthy();
    assert_eq!(
        stage(&seen.said, "queue").1,
        "0 fetched and not finished, 0 bytes"
    );
    let (state, text) = stage(&seen.said, "outcome");
    assert_eq!(state, "passed");
    assert!(text.starts_with("2 begun = 2 emitted"), "{text}");

    scene.send_values(1, &["reject"])?;
    eventually("the host says that it halted", SOON, || {
        let seen = doctor.examine()?;
        ensure!(seen.codes() == ["PSK-O001"], "{:#}", seen.said);
        let finding = &seen.said["findings"][0];
        assert_eq!(finding["subject"], format!("{}[1]", scene.topic));
        assert!(
            finding["cause"].to_string().contains("dead-letter"),
            "{finding}"
        );
        assert_eq!(stage(&seen.said, "handler").0, "failed");
        Ok(())
    });
    host.kill()?;
    // Its ghost is in the group and can't be asked.
    let seen = doctor.and(&["--watch-for", "0s"]).examine()?;
    let notes = seen.said["notes"].to_string();
    assert!(notes.contains("could not be asked what it does"), "{notes}");
    Ok(())
}

#[test]
fn the_watchdog_names_what_holds_the_host_up_and_says_when_it_is_over() -> Result<()> {
    let scene = Scene::new("watched", 1)?;
    let mut host = Host::start(&config(&scene)?)?;
    host.ready(SOON)?;
    scene.send_values(0, &["ok 1"])?;
    scene.caught_up();
    let producer = transactions::begin(&scene)?;
    let line = host.wait_for_log("PSK-D010", WATCHED)?;
    for part in [
        "held back by the transaction of watched-",
        "forceTerminateTransaction",
        "last stable offset",
    ] {
        assert!(line.contains(part), "no {part:?} in {line}");
    }
    let status = host.status()?;
    assert_eq!(status["findings"][0]["code"], "PSK-D010", "{status:#}");
    let metric = format!(
        "penstock_finding{{code=\"PSK-D010\",topic=\"{}\",partition=\"0\"}} 1",
        scene.topic
    );
    let metrics = host.metrics()?;
    assert!(metrics.contains(&metric), "no {metric} in {metrics}");

    producer.abort_transaction(transactions::STEP)?;
    host.wait_for_log("found before, and over now", WATCHED)?;
    assert_eq!(host.status()?["findings"], Value::Array(Vec::new()));
    assert!(!host.metrics()?.contains("penstock_finding{"));
    host.stop()
}

#[test]
fn what_is_left_of_a_killed_host_is_waited_for_and_named() -> Result<()> {
    let scene = Scene::new("left", 1)?;
    let session = ["kafka", "consumer", "session.timeout.ms"];
    let config = config(&scene)?.set(&session, "120000");
    let mut host = Host::start(&config)?;
    host.ready(SOON)?;
    scene.send_values(0, &["ok 1"])?;
    scene.caught_up();
    host.kill()?;
    scene.send_values(0, &["ok 2"])?;
    host.start_again()?;
    eventually("it answers", SOON, || host.status());
    let seen = doctor(&host)?.examine()?;
    let cause = seen.only("PSK-D008")["cause"].to_string();
    assert!(cause.contains("left of one that was killed"), "{cause}");
    eventually("its watchdog says so, too", WATCHED, || {
        let status = host.status()?;
        let text = status["findings"][0]["text"].to_string();
        ensure!(text.contains("left of one that was killed"), "{status:#}");
        Ok(())
    });
    host.stop()
}
