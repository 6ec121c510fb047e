//! Topics that aren't there, or not the same any more.

use anyhow::Result;
use penstock_tests::process::Process;
use serde_json::json;

use crate::support::{Case, Named, SOON};

#[test]
fn java_that_subscribes_to_a_missing_topic_is_told_so() -> Result<()> {
    let case = Case::without_topic("misspelt")?;
    let right = format!("{}s", case.topic);
    case.client.create_topic(&right, 1, &[])?;
    let mut worker = case.java(&["allow.auto.create.topics=false"])?;
    worker.wait_for_log("joined []", SOON)?;
    let row = Named {
        row: "7",
        how: "Java, a subscription to a topic that does not exist",
    };
    let parts = ["a member subscribes to the topic", &right];
    row.first(&case.doctor().examine()?, "PSK-D004", &parts);
    Ok(())
}

#[test]
fn kafkajs_that_subscribes_to_a_missing_topic_never_joins() -> Result<()> {
    let case = Case::without_topic("misspelt-js")?;
    let mut worker = case.kafkajs(&json!({"retries": 1}))?;
    worker.wait_for_log("failed", SOON)?;
    let row = Named {
        row: "7",
        how: "KafkaJS, a subscription to a topic that does not exist: it never joins",
    };
    row.first(&case.doctor().examine()?, "PSK-D006", &["KafkaJS"]);
    let row = Named {
        row: "7",
        how: "the same, with `--topic`",
    };
    let seen = case.doctor().and(&["--topic", &case.topic]).examine()?;
    assert!(seen.codes().contains(&"PSK-D004"), "{:#}", seen.said);
    row.first(&seen, "PSK-D006", &[]);
    Ok(())
}

#[test]
fn a_topic_that_is_made_again_under_java_is_noticed() -> Result<()> {
    let case = Case::new("remade", 1)?;
    case.send(0, 3)?;
    let mut worker = case.java(&["hang=1", "max.poll.records=1"])?;
    worker.wait_for_log("hangs at 1", SOON)?;
    let folder = tempfile::tempdir()?;
    let saved = folder.path().join("snapshot.json").display().to_string();
    let doctor = case.doctor().and(&["--save", &saved]);
    let mut running = Process::spawn(doctor.command()?, &folder.path().join("doctor.log"))?;
    running.wait_for_log("watching it for up to", SOON)?;
    case.client.delete_topic(&case.topic)?;
    case.client.create_topic(&case.topic, 1, &[])?;
    running.wait_exit(SOON)?;
    let row = Named {
        row: "6",
        how: "Java, its topic deleted and made again while it is watched",
    };
    let seen = penstock_tests::Doctor::with(&["--from", &saved]).examine()?;
    row.first(&seen, "PSK-D003", &["deleted and made again"]);
    Ok(())
}
