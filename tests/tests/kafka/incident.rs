//! Where a group begins: the incident itself, and every start position.

use anyhow::{Result, ensure};
use penstock_tests::{Host, Outgoing, eventually, plugin};

use crate::support::{Line, PROTOCOLS, SOON, Watch, log_lines};

fn purchase(event: &str) -> String {
    format!(
        r#"{{"eventId":"{event}","type":"PURCHASE_CONFIRMED","userId":"u7","courseId":"c3","amount":4999,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z"}}"#
    )
}

#[test]
fn old_purchases_are_processed_and_no_partition_ever_shows_a_dash() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::with_input_only("incident", 3)?;
        let record = Outgoing::to(&line.input).key("u7");
        line.client.produce(&[
            record.clone().partition(0).value(purchase("e1")),
            record.clone().partition(2).value(purchase("e2")),
        ])?;
        let config = line
            .bare("h1", protocol)
            .handler(
                "purchase-to-access",
                &plugin("purchase-to-access")?,
                &[("access-granted", &line.output)],
            )
            .topic(&line.input, &["purchase-to-access"], "earliest", None);
        let mut host = Host::start(&config)?;

        // The output topic is missing, so no record can be finished before the look at the group.
        let committed = eventually("a first commit", SOON, || {
            let committed = line.client.committed(&line.group, &line.input)?;
            ensure!(committed.values().any(Option::is_some), "no commit yet");
            Ok(committed)
        });
        assert_eq!(committed, [(0, Some(0)), (1, Some(0)), (2, Some(0))].into());

        line.client.create_topic(&line.output, 3, &[])?;
        eventually("all is committed", SOON, || line.is_caught_up());
        let granted = line.client.read_all(&line.output)?;
        let mut purchases: Vec<_> = granted
            .iter()
            .map(|record| Ok(record.json()?["purchaseId"].to_string()))
            .collect::<Result<_>>()?;
        purchases.sort();
        assert_eq!(purchases, [r#""e1""#, r#""e2""#]);

        let log = log_lines(&mut host);
        let at = |text: &str| {
            log.iter()
                .position(|line| line["message"].as_str().is_some_and(|m| m.contains(text)))
        };
        let begins = at("begins at the configured start");
        assert!(begins.is_some() && begins < at("received"), "{log:#?}");
        // Committed before the group was joined, not by whoever is assigned a partition.
        for partition in 0..3 {
            let from = format!("{}[{partition}] from offset 0 (committed)", line.input);
            assert!(at(&from).is_some(), "no `{from}` in {log:#?}");
        }
        host.stop()?;
    }
    Ok(())
}

#[test]
fn latest_skips_what_is_there_and_says_so() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::new("latest", 3)?;
        line.send(0, &["ok a", "ok b", "ok c"])?;
        line.send(2, &["ok d"])?;
        let config = line
            .unruly("h1", protocol)?
            .set(&["topics", &line.input, "start"], "latest");
        let mut host = Host::start(&config)?;
        let skips = host.wait_for_log("begins at the configured start", SOON)?;
        assert!(skips.contains("[0] skips [0, 3)"), "{skips}");
        assert!(skips.contains("[2] skips [0, 1)"), "{skips}");
        host.ready(SOON)?;
        let committed = line.client.committed(&line.group, &line.input)?;
        assert_eq!(committed, [(0, Some(3)), (1, Some(0)), (2, Some(1))].into());

        line.send(0, &["ok new"])?;
        eventually("all is committed", SOON, || line.is_caught_up());
        assert_eq!(line.outputs()?, ["ok new"]);
        host.stop()?;
    }
    Ok(())
}

#[test]
fn a_time_begins_with_the_first_record_that_is_not_older() -> Result<()> {
    let line = Line::new("time", 2)?;
    let at = |ms, value: &str| {
        let record = Outgoing::to(&line.input).partition(0).key("k");
        record.timestamp(ms).value(value)
    };
    // 2026-01-01T00:00:00Z
    let new_year = 1_767_225_600_000;
    line.client.produce(&[
        at(new_year - 2000, "ok older"),
        at(new_year - 1, "ok old"),
        at(new_year, "ok new"),
        at(new_year + 5000, "ok newer"),
    ])?;
    let config = line
        .unruly("h1", "classic")?
        .set(&["topics", &line.input, "start"], "2026-01-01T00:00:00Z");
    let mut host = Host::start(&config)?;
    let skips = host.wait_for_log("begins at the configured start", SOON)?;
    assert!(skips.contains("[0] skips [0, 2)"), "{skips}");
    eventually("all is committed", SOON, || line.is_caught_up());
    assert_eq!(line.outputs()?, ["ok new", "ok newer"]);
    host.stop()
}

#[test]
fn a_second_run_resumes_where_the_first_ended() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::new("resume", 2)?;
        // `start` must play no part once there are commits.
        for (start, values) in [("earliest", ["ok 1", "ok 2"]), ("latest", ["ok 3", "ok 4"])] {
            line.send(1, &values)?;
            let config = line
                .unruly("h1", protocol)?
                .set(&["topics", &line.input, "start"], start);
            let host = Host::start(&config)?;
            eventually("all is committed", SOON, || line.is_caught_up());
            host.stop()?;
        }
        assert_eq!(line.outputs()?, ["ok 1", "ok 2", "ok 3", "ok 4"]);
    }
    Ok(())
}

#[test]
fn a_partition_added_later_is_read_from_its_first_record() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::new("grown", 1)?;
        line.send(0, &["ok old"])?;
        let config = line
            .unruly("h1", protocol)?
            .set(&["topics", &line.input, "start"], "latest");
        let mut host = Host::start(&config)?;
        host.ready(SOON)?;
        // Written before the host can know of the partition: `latest` would lose it.
        line.client.grow_topic(&line.input, 3)?;
        line.send(2, &["ok first"])?;
        eventually("all is committed", SOON, || line.is_caught_up());
        assert_eq!(line.outputs()?, ["ok first"]);
        let condition = host.condition("PSK-K005")?;
        assert_eq!(condition["subject"], line.input);
        host.stop()?;
    }
    Ok(())
}

#[test]
fn a_missing_commit_among_others_is_read_from_the_first_record() -> Result<()> {
    let line = Line::new("expired", 2)?;
    line.send(0, &["ok done", "ok next"])?;
    line.send(1, &["ok unknown"])?;
    line.client.commit(&line.group, &line.input, 0, 1)?;
    let config = line
        .unruly("h1", "classic")?
        .set(&["topics", &line.input, "start"], "latest");
    let mut host = Host::start(&config)?;
    let says = host.wait_for_log("PSK-K005", SOON)?;
    assert!(says.contains("[1] from 0 in [0, 1)"), "{says}");
    eventually("all is committed", SOON, || line.is_caught_up());
    let mut outputs = line.outputs()?;
    outputs.sort();
    assert_eq!(outputs, ["ok next", "ok unknown"]);
    host.stop()
}

#[test]
fn a_topic_that_is_created_later_is_read_from_its_start() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::new("late", 2)?;
        let late = format!("{}.late", line.input);
        let config = line
            .unruly("h1", protocol)?
            .topic(&late, &["unruly"], "earliest", None);
        let host = Host::start(&config)?;
        // The topic that is there need not wait for it.
        line.send(0, &["ok there"])?;
        eventually("the other topic goes on", SOON, || line.is_caught_up());
        let condition = eventually("it is missed", SOON, || host.condition("PSK-K002"));
        assert_eq!(condition["subject"], late);

        line.client.create_topic(&late, 2, &[])?;
        let record = Outgoing::to(&late).key("k").partition(1);
        line.client.produce(&[record.value("ok late")])?;
        eventually("all is committed", SOON, || {
            line.client.caught_up(&line.group, &late)
        });
        let mut outputs = line.outputs()?;
        outputs.sort();
        assert_eq!(outputs, ["ok late", "ok there"]);
        eventually("the condition is over", SOON, || {
            ensure!(host.condition("PSK-K002").is_err(), "it still holds");
            Ok(())
        });
        host.stop()?;
    }
    Ok(())
}
