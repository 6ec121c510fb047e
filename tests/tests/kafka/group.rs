//! One, two and three hosts come and go under load.

use std::time::Duration;

use anyhow::{Result, ensure};
use penstock_tests::{Host, eventually};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::support::{Account, Flow, Line, Load, PROTOCOLS, SOON, Scrape, Watch, log_lines};

const PARTITIONS: i32 = 6;

/// Waits until each host has its share, and all partitions are somebody's.
fn await_shares(hosts: &[&Host]) {
    eventually("all partitions are shared out", SOON, || {
        let shares: Vec<usize> = hosts
            .iter()
            .map(|host| host.assigned())
            .collect::<Result<_>>()?;
        let share = PARTITIONS as usize / hosts.len();
        ensure!(shares.iter().all(|one| *one == share), "{shares:?}");
        Ok(())
    });
}

/// Waits until the host has emitted more than it had.
fn await_progress(host: &Host) -> Result<()> {
    let emitted = || Ok::<_, anyhow::Error>(Scrape::of(host)?.ledger("unruly").ended);
    let before = emitted()?;
    eventually("the host is at work", SOON, || {
        ensure!(emitted()? > before + 200, "not yet");
        Ok(())
    });
    Ok(())
}

/// Ends a host in an orderly way; gives how many deliveries it handed back, begun and unfinished.
fn leave(mut host: Host) -> Result<u64> {
    host.sigterm()?;
    let status = host.wait_exit(SOON)?;
    assert_eq!(status.code(), Some(0), "{}", host.process().log_tail());
    let log = log_lines(&mut host);
    let total = log.iter().find(|line| line["message"] == "total");
    let total = total.cloned().unwrap_or_default();
    assert_eq!(total["balanced"], true, "{total}");
    assert_eq!(total["open"], 0, "{total}");
    Ok(total["handed_back"].as_u64().unwrap_or(u64::MAX))
}

#[test]
fn hosts_join_and_leave_without_loss() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::new("shared", PARTITIONS)?;
        let flow = Flow::start(Load::new(&line.client, &line.input, 50)?, 3000);
        let start = |id: &str| Host::start(&line.loaded(id, protocol)?);
        let first = start("h1")?;
        await_shares(&[&first]);
        await_progress(&first)?;
        let second = start("h2")?;
        await_shares(&[&first, &second]);
        let third = start("h3")?;
        await_shares(&[&first, &second, &third]);
        for host in [&first, &second, &third] {
            await_progress(host)?;
        }
        let mut handed_back = leave(first)?;
        await_shares(&[&second, &third]);
        handed_back += leave(third)?;
        await_shares(&[&second]);
        let again = start("h1")?;
        await_shares(&[&second, &again]);
        await_progress(&again)?;
        let sent = flow.stop()?;
        eventually("all is committed", SOON, || line.is_caught_up());
        handed_back += leave(again)? + leave(second)?;

        let account = Account::read(&line.client, &line.output)?;
        account.is_complete(&sent)?;
        account.is_in_order()?;
        let repeats = account.repeats();
        println!("{protocol}: {repeats} outputs repeated, {handed_back} deliveries handed back");
        assert!(repeats as u64 <= handed_back, "{repeats} > {handed_back}");
    }
    Ok(())
}

#[test]
fn a_host_that_dies_is_replaced_by_the_others() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::new("orphaned", PARTITIONS)?;
        let flow = Flow::start(Load::new(&line.client, &line.input, 50)?, 3000);
        let start = |id: &str| Host::start(&line.loaded(id, protocol)?);
        let mut first = start("h1")?;
        let second = start("h2")?;
        await_shares(&[&first, &second]);
        await_progress(&first)?;
        first.kill()?;
        await_shares(&[&second]);
        let sent = flow.stop()?;
        eventually("all is committed", SOON, || line.is_caught_up());
        let account = Account::read(&line.client, &line.output)?;
        account.is_complete(&sent)?;
        account.is_in_order()?;
        println!("{protocol}: {} outputs repeated", account.repeats());
        second.stop()?;
    }
    Ok(())
}

#[test]
fn a_host_joins_while_the_other_waits_for_its_output_topic() -> Result<()> {
    for protocol in PROTOCOLS {
        let line = Line::with_input_only("blocked", PARTITIONS)?;
        let mut load = Load::new(&line.client, &line.input, 300)?;
        load.send(30_000)?;
        let sent = load.finish()?;
        let start = |id: &str| {
            let config = line
                .loaded(id, protocol)?
                .set(&["host", "buffer"], "1MiB")
                .set(&["host", "outbox"], "1MiB")
                .set(&["handlers", "unruly", "limits", "output-bytes"], "512KiB")
                .set(&["topics", &line.input, "dead-letter"], "nobody-dies-here");
            Host::start(&config)
        };
        let first = start("h1")?;
        eventually("all partitions are full", SOON, || {
            (0..PARTITIONS).try_for_each(|partition| host_is_full(&first, &line.input, partition))
        });
        let second = start("h2")?;
        await_shares(&[&first, &second]);
        line.client.create_topic(&line.output, 3, &[])?;
        eventually("all is committed", SOON, || line.is_caught_up());
        leave(first)?;
        leave(second)?;
        let account = Account::read(&line.client, &line.output)?;
        account.is_complete(&sent)?;
        println!("{protocol}: {} outputs repeated", account.repeats());
    }
    Ok(())
}

fn host_is_full(host: &Host, topic: &str, partition: i32) -> Result<()> {
    let shown = host.partition(topic, partition)?;
    ensure!(
        shown["paused"] == true && shown["waits"].is_object(),
        "{shown}"
    );
    Ok(())
}

#[test]
fn a_group_of_another_assignor_refuses_the_host_which_says_so_until_it_is_in() -> Result<()> {
    let line = Line::new("assignors", 1)?;
    let member: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", line.client.bootstrap())
        .set("group.id", &line.group)
        .set("partition.assignment.strategy", "range")
        .create()?;
    member.subscribe(&[&line.input])?;
    eventually("another client is in the group", SOON, || {
        let polled = member.poll(Duration::from_millis(50));
        ensure!(member.assignment()?.count() == 1, "{polled:?}");
        Ok(())
    });
    let mut host = Host::start(&line.unruly("h1", "classic")?)?;
    let said = host.wait_for_log("PSK-K010", SOON)?;
    ensure!(
        said.contains("the group does not take this host in"),
        "{said}"
    );
    assert_eq!(host.get("/readyz")?.0, 503);
    drop(member);
    host.ready(SOON)?;
    eventually("it is over", SOON, || {
        ensure!(host.condition("PSK-K010").is_err());
        Ok(())
    });
    host.stop()
}
