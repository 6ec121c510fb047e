//! The incident, from the silent worker to the cure, played on a real broker and told in
//! docs/incident.md with what was really printed.

mod page;
mod story;
mod usual;

use std::fs;

use anyhow::{Context, Result};

use crate::support::SOON;
use story::Story;

#[test]
fn the_incident_is_told_as_it_happened() -> Result<()> {
    let mut story = Story::begin()?;
    let broker = story.broker();
    let at = ["--bootstrap", &broker];
    let group = [&at[..], &["--group", "purchases"]].concat();
    for (event, partition) in [("e1", "0"), ("e2", "2")] {
        story.emit(event, partition)?;
    }

    // Connected, subscribed, silent.
    let source = include_str!("../../../clients/kafkajs/purchase-worker.js");
    let (_, source) = source
        .split_once("'use strict'")
        .context("its first lines")?;
    let (_, source) = source.split_once("\n\nconst").context("its imports")?;
    let (_, source) = source.split_once("\n\n").context("its code")?;
    story.page.quotes(source)?;
    let mut worker = story.worker("purchase-worker.js")?;
    worker.wait_for_log("Consumer has joined the group", SOON)?;
    // Not what it says of a coordinator that is not there yet.
    let log = worker.log();
    let told = log.lines().filter(|line| line.contains("\"INFO\""));
    let told: Vec<&str> = told.collect();
    let told = format!("$ node purchase-worker.js\n{}", told.join("\n"));
    story.page.print("worker", &told)?;
    story.penstock("dash", 0, &[&["offsets", "show"], &group[..]].concat())?;
    let doctor = [&["doctor"], &group[..]].concat();
    let said = story.penstock("doctor", 1, &doctor)?;
    assert!(said.contains("PSK-D001"), "{said}");

    // The cure, as the doctor has it.
    let which = [
        "--topic",
        "purchase-confirmed",
        "--partition",
        "0",
        "--partition",
        "2",
    ];
    let cure = [
        &["offsets", "reset"],
        &group[..],
        &which,
        &["--to", "earliest"],
    ]
    .concat();
    assert!(
        said.contains(&format!("penstock {}", cure.join(" "))),
        "{said}"
    );
    let yes = [&cure[..], &["--yes"]].concat();
    story.penstock("refused", 1, &yes)?;
    worker.signal(libc::SIGINT)?;
    worker.wait_exit(SOON)?;
    story.penstock("ghost", 1, &yes)?;
    story.deserted("purchases")?;
    story.penstock("dry-run", 0, &[&cure[..], &["--dry-run"]].concat())?;
    story.penstock("reset", 0, &yes)?;
    let mut worker = story.worker("purchase-worker.js")?;
    worker.wait_for_log("Received 0", SOON)?;
    worker.wait_for_log("Received 2", SOON)?;
    let log = worker.log();
    let received = log.lines().filter(|line| line.starts_with("Received"));
    let mut received: Vec<&str> = received.collect();
    received.sort_unstable();
    story.page.print("received", &received.join("\n"))?;
    story.caught_up("purchases")?;
    story.penstock("healthy", 0, &doctor)?;
    drop(worker);

    // Penstock in its place.
    let config = fs::read_to_string(story.file("penstock.toml")).context("the configuration")?;
    story.page.print("configuration", &config)?;
    story.penstock("check", 0, &["check", "-c", "penstock.toml"])?;
    let mut host = story.host()?;
    host.wait_for_log("begins at the configured start", SOON)?;
    story.caught_up("purchase-worker")?;
    let peek = [
        "peek",
        "course-access-granted",
        "-c",
        "penstock.toml",
        "-n",
        "2",
    ];
    story.peek("access", &peek)?;
    story.penstock("status", 0, &["status", "-c", "penstock.toml"])?;
    story.penstock("host-doctor", 0, &["doctor", "-c", "penstock.toml"])?;
    host.signal(libc::SIGTERM)?;
    host.wait_exit(SOON)?;
    let log = host.log();
    let begun = log
        .lines()
        .filter(|line| line.contains("begins at the configured start"));
    story
        .page
        .print("begins", &begun.collect::<Vec<_>>().join("\n"))?;
    story.page.close()
}
