//! Members that come and go, and get nothing done.

use anyhow::Result;
use serde_json::json;

use crate::support::{Case, Named, SOON};

#[test]
fn kafkajs_that_throws_and_begins_anew_for_ever_is_found() -> Result<()> {
    let case = Case::new("throws", 1)?;
    case.send(0, 5)?;
    let options = json!({"mode": "throw", "after": 2, "retries": 2});
    let mut worker = case.kafkajs(&options)?;
    worker.wait_for_log("throw at", SOON)?;
    case.committed(0, 2);
    let row = Named {
        row: "13, 29",
        how: "KafkaJS, a handler that throws at one record: crash, restart, and again",
    };
    row.first(&case.doctor().examine()?, "PSK-D014", &["3 records wait"]);
    Ok(())
}

#[test]
fn java_that_crashes_and_begins_anew_for_ever_is_found() -> Result<()> {
    let case = Case::new("crashes", 1)?;
    case.send(0, 5)?;
    let mut worker = case.java(&["crash=2", "each=400"])?;
    worker.wait_for_log("crashed", SOON)?;
    let row = Named {
        row: "13, 29",
        how: "Java, a record that ends the consumer, made anew each time",
    };
    row.first(&case.doctor().examine()?, "PSK-D014", &["3 records wait"]);
    Ok(())
}

#[test]
fn java_whose_loop_is_too_slow_to_stay_in_the_group_is_found() -> Result<()> {
    let case = Case::new("too-slow-to-stay", 1)?;
    case.send(0, 5)?;
    let mut worker = case.java(&[
        "each=3500",
        "max.poll.interval.ms=2000",
        "max.poll.records=1",
    ])?;
    worker.wait_for_log("commit refused", SOON)?;
    let row = Named {
        row: "13, 21",
        how: "Java, each record takes longer than `max.poll.interval.ms`: thrown out, joins, and again",
    };
    row.first(
        &case.doctor().examine()?,
        "PSK-D014",
        &["5 records wait", "max.poll.interval.ms"],
    );
    Ok(())
}
