//! A transaction that nobody ends.

use anyhow::{Result, ensure};
use penstock_tests::eventually;

use crate::support::{Case, Named, SOON};

#[test]
fn a_producer_that_stands_still_within_its_transaction_is_named() -> Result<()> {
    let case = Case::new("hanging", 1)?;
    case.send(0, 3)?;
    let _worker = case.java(&["isolation.level=read_committed"])?;
    case.caught_up();
    let id = format!("payments-{}", case.group);
    let args = [case.client.bootstrap(), &id, &case.topic];
    let mut producer = case.java_program("OpenTransaction", &args)?;
    producer.wait_for_log("open", SOON)?;
    producer.suspend()?;
    let row = Named {
        row: "25",
        how: "Java, a transactional producer, stopped within its transaction (found after 10 s)",
    };
    // For the first ten seconds it is usual.
    let seen = eventually("it is found", SOON, || {
        let seen = case.doctor().examine()?;
        ensure!(seen.exit == Some(1), "not yet");
        Ok(seen)
    });
    let by = format!("held back by the transaction of {id}");
    let cure = format!("forceTerminateTransaction --transactionalId {id}");
    row.first(
        &seen,
        "PSK-D010",
        &["up to 2 records", &by, "waits at 3", &cure],
    );
    Ok(())
}

#[test]
fn a_commit_within_a_transaction_that_does_not_end_is_found() -> Result<()> {
    let case = Case::new("pending", 1)?;
    case.send(0, 3)?;
    case.client.commit(&case.group, &case.topic, 0, 1)?;
    let id = format!("payments-{}", case.group);
    let args = [case.client.bootstrap(), &id, &case.topic, &case.group];
    let mut producer = case.java_program("OpenTransaction", &args)?;
    producer.wait_for_log("open", SOON)?;
    producer.suspend()?;
    let row = Named {
        row: "26",
        how: "Java, an offset committed within a transaction that stays open",
    };
    let parts = ["is part of a transaction", "find-hanging"];
    row.first(&case.doctor().examine()?, "PSK-D015", &parts);
    Ok(())
}
