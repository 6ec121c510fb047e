//! A partition that is really no longer fetched, and the watchdog that mends it: the whole host on
//! a real broker, but for one thing (`leaky.rs`), which brings the fault about.

mod host;
mod leaky;

use std::time::Duration;

use anyhow::{Result, ensure};
use penstock::admin::View;
use penstock_tests::{Broker, Outgoing, eventually, unique};

use host::Host;

/// What has to happen at last, but for the watchdog.
const SOON: Duration = Duration::from_secs(30);
/// A look every ten seconds, of which two are needed, and a third to see that it is over.
const WATCHED: Duration = Duration::from_secs(90);

#[test]
fn a_partition_that_is_fetched_no_more_is_found_and_fetched_again() -> Result<()> {
    let client = Broker::shared().client();
    let group = unique("healing");
    let (input, output) = (format!("{group}.in"), format!("{group}.out"));
    client.create_topic(&input, 2, &[])?;
    client.create_topic(&output, 2, &[])?;
    let send = |values: &[&str]| {
        let of = |value: &&str| {
            let record = Outgoing::to(&input).value(format!("ok {value}"));
            record.partition(i32::from(value.starts_with('b')))
        };
        let records: Vec<Outgoing> = values.iter().map(of).collect();
        client.produce(&records).map(drop)
    };
    send(&["a0", "a1", "b0"])?;
    let host = Host::start(client.bootstrap(), &group, &input, &output)?;
    eventually("all is committed", SOON, || {
        client.caught_up(&group, &input)
    });
    ensure!(host.has_leaked(), "nothing was to be mended");

    send(&["a2", "a3", "b1", "b2"])?;
    eventually("the other partition goes on", SOON, || {
        ensure!(client.committed(&group, &input)?[&1] == Some(3));
        Ok(())
    });
    let stands = || host.view.status().partitions[0].clone();
    let before = stands();
    assert_eq!(
        (before.position, before.unfinished, before.paused),
        (2, 0, false),
        "nothing is fetched, and the host knows of no reason"
    );
    let found = eventually("the watchdog has mended it", WATCHED, || {
        let status = host.view.status();
        ensure!(status.healings == 1, "{status:#?}");
        Ok(status.findings)
    });
    let place = format!("{input}[0]");
    assert_eq!((&*found[0].code, &*found[0].subject), ("PSK-D018", &*place));
    eventually("what waited is committed", SOON, || {
        client.caught_up(&group, &input)
    });
    eventually("it is over", WATCHED, || {
        let findings = host.view.status().findings;
        ensure!(findings.is_empty(), "{findings:#?}");
        Ok(())
    });
    assert!(stands().epoch > before.epoch, "a new stay");
    assert_eq!(host.view.status().healings, 1, "once");
    send(&["a4"])?;
    eventually("it goes on as ever", SOON, || {
        client.caught_up(&group, &input)
    });

    host.stop();
    let mut values: Vec<String> = client
        .read_all(&output)?
        .iter()
        .map(penstock_tests::Record::text)
        .collect();
    values.sort_unstable();
    let each = ["a0", "a1", "a2", "a3", "a4", "b0", "b1", "b2"];
    assert_eq!(values, each.map(|value| format!("ok {value}")), "once each");
    Ok(())
}
