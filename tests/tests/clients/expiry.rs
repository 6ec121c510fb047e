//! Commits that the brokers have forgotten.

use std::time::Duration;

use anyhow::{Result, ensure};
use penstock_tests::{Broker, BrokerOptions, wait_until};

use crate::support::{Case, Named, SOON};

/// A minute is the shortest time for which a broker keeps them.
const EXPIRY_MAX: Duration = Duration::from_secs(180);

#[test]
fn java_whose_commits_expired_while_it_was_away_is_told_where_it_was() -> Result<()> {
    let broker = Broker::start(BrokerOptions {
        heap_mib: 256,
        settings: vec![
            ("offsets.retention.minutes".to_owned(), "1".to_owned()),
            (
                "offsets.retention.check.interval.ms".to_owned(),
                "1000".to_owned(),
            ),
        ],
        ..BrokerOptions::default()
    })?;
    let case = Case::on(&broker, "expired", 1)?;
    case.send(0, 3)?;
    let mut worker = case.java(&[])?;
    case.caught_up();
    worker.signal(libc::SIGTERM)?;
    worker.wait_exit(SOON)?;
    case.send(0, 2)?;
    wait_until("its commit expires", EXPIRY_MAX, || {
        let committed = case.client.committed(&case.group, &case.topic)?;
        ensure!(committed[&0].is_none(), "{committed:?}");
        Ok(())
    })?;
    let row = Named {
        row: "4",
        how: "Java, away for longer than `offsets.retention.minutes`: the group itself is forgotten",
    };
    let parts = ["commit of 3, of ", "offsets.retention.minutes=1"];
    row.first(&case.doctor().examine()?, "PSK-D006", &parts);

    let mut worker = case.java(&["auto.offset.reset=latest"])?;
    worker.wait_for_log("joined [expired", SOON)?;
    let row = Named {
        row: "4",
        how: "Java, back with `auto.offset.reset=latest`",
    };
    let parts = [
        "no committed offsets there any more: they expired or were deleted at",
        "commit of 3, of ",
        "--to earliest",
        "`--to 3`",
    ];
    row.first(&case.doctor().examine()?, "PSK-D001", &parts);
    Ok(())
}
