//! Members that live and don't get on, or not quickly enough.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Result, ensure};
use penstock_tests::{Outgoing, Producer, eventually};
use serde_json::json;

use crate::support::{Case, Named, SOON};

#[test]
fn kafkajs_that_is_paused_is_among_the_candidates() -> Result<()> {
    let case = Case::new("paused", 1)?;
    case.send(0, 3)?;
    let mut worker = case.kafkajs(&json!({"mode": "pause", "after": 2}))?;
    worker.wait_for_log("pause at", SOON)?;
    case.caught_up();
    case.send(0, 4)?;
    let row = Named {
        row: "2",
        how: "KafkaJS, paused and never resumed",
    };
    let parts = ["4 records wait in partition 0", "it is paused"];
    row.first(&case.doctor().examine()?, "PSK-D008", &parts);
    Ok(())
}

#[test]
fn java_whose_handler_hangs_is_among_the_candidates_in_both_protocols() -> Result<()> {
    for protocol in ["classic", "consumer"] {
        let case = Case::new("java-hangs", 1)?;
        case.send(0, 7)?;
        let protocol_setting = format!("group.protocol={protocol}");
        let mut worker = case.java(&["hang=3", &protocol_setting])?;
        worker.wait_for_log("hangs at 3", SOON)?;
        let row = Named {
            row: "22",
            how: match protocol {
                "classic" => "Java, a handler that hangs, within `max.poll.interval.ms`",
                _ => "Java, the same with `group.protocol=consumer` (KIP-848)",
            },
        };
        let parts = [
            "4 records wait in partition 0",
            "its handler hangs",
            "committed 3, log 0 to 7, 4 waiting, owner worker on 127.0.0.1",
            "--from 3 -n 1",
        ];
        row.first(&case.doctor().examine()?, "PSK-D008", &parts);
    }
    Ok(())
}

#[test]
fn java_that_is_slower_than_its_producers_is_told_so_and_when_it_will_be_done() -> Result<()> {
    let case = Case::new("slower", 1)?;
    case.send(0, 5000)?;
    let mut worker = case.java(&["each=10"])?;
    worker.wait_for_log("handled 3", SOON)?;
    let row = Named {
        row: "slower than the producers",
        how: "Java, a backlog and nothing more is written",
    };
    row.healthy(&case.doctor().examine()?, &["caught up in about"]);

    let producer = Producer::new(case.client.bootstrap())?;
    let record = Outgoing::to(&case.topic).partition(0).value("v");
    let (stop, stopped) = channel::<()>();
    let load = std::thread::spawn(move || -> Result<()> {
        while stopped.recv_timeout(Duration::from_millis(20)) == Err(RecvTimeoutError::Timeout) {
            (0..6).try_for_each(|_| producer.send(&record))?;
        }
        producer.flush().map(drop)
    });
    let seen = case.doctor().examine();
    drop(stop);
    load.join().expect("the producer")?;
    let row = Named {
        row: "slower than the producers",
        how: "Java, the same, and three times as much is written as it handles",
    };
    row.first(&seen?, "PSK-D009", &["/s written", "it never catches up"]);
    Ok(())
}

#[test]
fn a_rebalance_that_a_hanging_handler_holds_up_is_said_to_be_one() -> Result<()> {
    let case = Case::new("frozen", 2)?;
    case.send(0, 5)?;
    let mut worker = case.java(&["hang=2"])?;
    worker.wait_for_log("hangs at 2", SOON)?;
    let _other = case.java(&[])?;
    let asked = case.doctor().and(&["--watch-for", "0s"]);
    eventually("the other one wants to join", SOON, || {
        let stages = asked.examine()?.said["stages"].to_string();
        ensure!(stages.contains("PreparingRebalance"), "{stages}");
        Ok(())
    });
    let row = Named {
        row: "12",
        how: "Java, a second member joins while the first one's handler hangs, within \
              `max.poll.interval.ms`",
    };
    let parts = ["a rebalance is in progress", "as long as the slowest needs"];
    row.healthy(&case.doctor().examine()?, &parts);
    Ok(())
}
