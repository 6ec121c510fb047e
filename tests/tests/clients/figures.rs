//! What a diagnosis costs.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Result, ensure};
use penstock_tests::{Client, Outgoing, wait_until};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::support::Case;

const PARTITIONS: i32 = 1000;
const MEMBERS: usize = 100;
/// A hundred clients share the machine with the broker.
const JOINED_WITHIN: Duration = Duration::from_secs(180);

/// Polls all of them in turn.
fn work(members: Vec<BaseConsumer>, stopped: &Receiver<()>) {
    while stopped.recv_timeout(Duration::from_millis(1)) == Err(RecvTimeoutError::Timeout) {
        for member in &members {
            // What is handed out is committed by itself.
            while member.poll(Duration::ZERO).is_some() {}
        }
    }
    // To be dropped is to be closed, and that may wait for ever (rust-rdkafka, issue 509): one of a
    // hundred did. They end with the process.
    std::mem::forget(members);
}

fn member(client: &Client, group: &str, topic: &str) -> Result<BaseConsumer> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", client.bootstrap())
        .set("group.id", group)
        .set("client.id", "worker")
        .set("auto.offset.reset", "earliest")
        .set("auto.commit.interval.ms", "1000");
    let member: BaseConsumer = config.create()?;
    member.subscribe(&[topic])?;
    Ok(member)
}

#[test]
fn a_thousand_partitions_and_a_hundred_members_fit_into_one_look() -> Result<()> {
    let case = Case::new("large", PARTITIONS)?;
    let records: Vec<Outgoing> = (0..PARTITIONS)
        .map(|partition| Outgoing::to(&case.topic).partition(partition).value("v"))
        .collect();
    case.client.produce(&records)?;
    let members = (0..MEMBERS).map(|_| member(&case.client, &case.group, &case.topic));
    let members = members.collect::<Result<Vec<_>>>()?;
    let (stop, stopped) = channel::<()>();
    let working = std::thread::spawn(move || work(members, &stopped));
    let doctor = case.doctor().and(&["--watch-for", "0s"]);
    let wanted = format!("{PARTITIONS} partitions of 1 topic, all owned, by {MEMBERS} members");
    wait_until("all have settled and caught up", JOINED_WITHIN, || {
        let seen = doctor.examine()?;
        let stages = seen.said["stages"].to_string();
        ensure!(seen.exit == Some(0) && stages.contains(&wanted), "{stages}");
        ensure!(stages.contains("caught up"), "{stages}");
        Ok(())
    })?;
    for _ in 0..3 {
        let cost = doctor.cost()?;
        let (seconds, mib) = (cost.took.as_secs_f64(), cost.peak_kib / 1024);
        println!("{PARTITIONS} partitions, {MEMBERS} members: {seconds:.2} s, {mib} MiB at most");
        // A few kilobytes for each partition and member, and no more.
        ensure!(cost.peak_kib < 64 * 1024, "{mib} MiB");
    }
    drop(stop);
    working.join().expect("the members");
    Ok(())
}
