//! Groups without a position, or with one outside of the log.

use anyhow::{Result, ensure};
use penstock_tests::eventually;
use serde_json::json;

use crate::support::{Case, Named, SOON};

#[test]
fn kafkajs_that_begins_at_the_end_is_told_what_it_misses() -> Result<()> {
    let case = Case::new("incident", 3)?;
    case.send(0, 1)?;
    case.send(2, 1)?;
    let options = json!({"fromBeginning": false, "clientId": "purchase-worker"});
    let mut worker = case.kafkajs(&options)?;
    worker.wait_for_log("joined", SOON)?;
    let row = Named {
        row: "1",
        how: "KafkaJS, `fromBeginning: false`, two records there before",
    };
    let parts = [
        "2 records wait in partitions 0 and 2",
        "fromBeginning: false",
        "committed -, log 0 to 1, 1 waiting, owner purchase-worker on 127.0.0.1",
        "--partition 0 --partition 2 --to earliest",
    ];
    row.first(&case.doctor().examine()?, "PSK-D001", &parts);
    Ok(())
}

#[test]
fn java_that_begins_at_the_end_is_told_what_it_misses() -> Result<()> {
    let case = Case::new("latest", 1)?;
    case.send(0, 3)?;
    let mut worker = case.java(&["auto.offset.reset=latest"])?;
    worker.wait_for_log("joined [latest", SOON)?;
    let row = Named {
        row: "1",
        how: "Java, `auto.offset.reset=latest`, no auto-commit",
    };
    row.first(
        &case.doctor().examine()?,
        "PSK-D001",
        &["3 records wait in partition 0", "auto.offset.reset=latest"],
    );
    Ok(())
}

#[test]
fn java_whose_first_commit_is_the_end_may_have_read_nothing() -> Result<()> {
    let case = Case::new("auto-commit", 1)?;
    case.send(0, 3)?;
    let _worker = case.java(&[
        "auto.offset.reset=latest",
        "enable.auto.commit=true",
        "auto.commit.interval.ms=500",
        "commit=no",
    ])?;
    case.caught_up();
    let row = Named {
        row: "1",
        how: "Java, `auto.offset.reset=latest` with auto-commit: the end is committed, nothing read",
    };
    let parts = [
        "nothing waits",
        "all that the group ever committed of",
        "up to 3 records lie before",
    ];
    row.healthy(&case.doctor().examine()?, &parts);
    Ok(())
}

#[test]
fn java_whose_position_was_deleted_is_told_what_it_missed() -> Result<()> {
    let case = Case::new("deleted", 1)?;
    case.send(0, 9)?;
    let mut worker = case.java(&["hang=2", "max.poll.records=1"])?;
    worker.wait_for_log("hangs at 2", SOON)?;
    case.client.delete_records(&case.topic, 0, 5)?;
    let row = Named {
        row: "5",
        how: "Java, committed 2, records before 5 deleted meanwhile",
    };
    let parts = ["up to 3 records were deleted", "committed 2, log 5 to 9"];
    row.first(&case.doctor().examine()?, "PSK-D002", &parts);
    Ok(())
}

#[test]
fn java_that_begins_at_the_end_of_a_new_partition_is_told_what_it_misses() -> Result<()> {
    let case = Case::new("grown", 1)?;
    let latest = ["auto.offset.reset=latest", "metadata.max.age.ms=1000"];
    let mut worker = case.java(&latest)?;
    worker.wait_for_log("joined [grown", SOON)?;
    // What is sent before it has asked for the end is before that.
    eventually("it has read and committed one", SOON, || {
        case.send(0, 1)?;
        let committed = case.client.committed(&case.group, &case.topic)?;
        ensure!(committed[&0].is_some(), "{committed:?}");
        Ok(())
    });
    case.caught_up();
    // So that it cannot notice the partition before there is something in it.
    worker.suspend()?;
    case.client.grow_topic(&case.topic, 2)?;
    case.send(1, 2)?;
    worker.signal(libc::SIGCONT)?;
    worker.wait_for_log(&format!("{}-1", case.topic), SOON)?;
    let row = Named {
        row: "3",
        how: "Java, `auto.offset.reset=latest`, a partition added and written to before it noticed",
    };
    let parts = [
        "2 records wait in partition 1",
        "as when partitions are added",
        "--partition 1 --to earliest",
    ];
    row.first(&case.doctor().examine()?, "PSK-D001", &parts);
    Ok(())
}
