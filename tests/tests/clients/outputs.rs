//! Offsets that advance, with outputs and without.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::Result;
use penstock_tests::doctor::Seen;
use penstock_tests::{Outgoing, Producer};
use serde_json::json;

use crate::support::{Case, Named, SOON};

/// What the doctor says of a KafkaJS worker under a steady load, whose output topic has these
/// settings; it has logged `sign` by then.
fn seen(name: &str, settings: &[(&str, &str)], sign: &str) -> Result<Seen> {
    let case = Case::new(name, 1)?;
    let output = format!("{}.out", case.group);
    case.client.create_topic(&output, 1, settings)?;
    let mut worker = case.kafkajs(&json!({"output": output}))?;
    worker.wait_for_log("joined", SOON)?;
    let producer = Producer::new(case.client.bootstrap())?;
    let record = Outgoing::to(&case.topic).value("v");
    let (stop, stopped) = channel::<()>();
    let load = std::thread::spawn(move || -> Result<()> {
        while stopped.recv_timeout(Duration::from_millis(50)) == Err(RecvTimeoutError::Timeout) {
            producer.send(&record)?;
        }
        producer.flush().map(drop)
    });
    worker.wait_for_log(sign, SOON)?;
    let seen = case.doctor().and(&["--output", &output]).examine();
    drop(stop);
    load.join().expect("the producer")?;
    seen
}

#[test]
fn kafkajs_that_swallows_what_its_producer_throws_is_found() -> Result<()> {
    // Too small for any batch: the broker refuses each.
    let seen = seen(
        "swallows",
        &[("max.message.bytes", "10")],
        "swallowed MESSAGE_TOO_LARGE",
    )?;
    let row = Named {
        row: "30",
        how: "KafkaJS, a handler that catches what its producer throws, with `--output`",
    };
    let parts = [
        "nothing arrived in",
        "it holds no record",
        "await what send()",
    ];
    row.first(&seen, "PSK-D019", &parts);
    Ok(())
}

#[test]
fn kafkajs_whose_outputs_arrive_is_healthy() -> Result<()> {
    let seen = seen("produces", &[], "handled 3")?;
    let row = Named {
        row: "30",
        how: "KafkaJS, the same handler, and its outputs are taken",
    };
    row.healthy(&seen, &[]);
    let stages = seen.said["stages"].to_string();
    assert!(stages.contains("arrived in"), "{stages}");
    Ok(())
}
