//! An output topic that can't be written while many records wait: memory stays flat.

use anyhow::{Context, Result, ensure};
use penstock_tests::{Host, eventually};

use crate::support::{Account, Line, Load, SOON, Watch};

const MIB: u64 = 1024 * 1024;

/// Resident memory of a process, in bytes.
fn resident(host: &mut Host) -> Result<u64> {
    let path = format!("/proc/{}/status", host.process().id());
    let status = std::fs::read_to_string(path)?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .context("the process has no memory")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

#[test]
fn memory_stays_flat_while_an_output_topic_is_missing() -> Result<()> {
    const HALF: u64 = 150_000;
    let line = Line::with_input_only("pressure", 3)?;
    let mut load = Load::new(&line.client, &line.input, 180)?;
    load.send(HALF)?;
    load.finish()?;
    let config = line
        .loaded("h1", "classic")?
        .set(&["host", "buffer"], "8MiB")
        .set(&["host", "outbox"], "4MiB")
        .set(&["kafka", "consumer", "queued.max.messages.kbytes"], 4096)
        .set(&["kafka", "consumer", "fetch.message.max.bytes"], 262_144);
    let config = config.set(&["topics", &line.input, "dead-letter"], "nobody-dies-here");
    let mut host = Host::start(&config)?;
    let full = |host: &Host, lag: u64| -> Result<()> {
        for partition in 0..3 {
            let waits = host.waits(&line.input, partition, "output")?;
            ensure!(waits["code"] == "PSK-O002", "{waits}");
            let shown = host.partition(&line.input, partition)?;
            ensure!(shown["paused"] == true, "{shown}");
            ensure!(shown["lag"] == lag, "{shown}");
            assert_eq!(shown["position"], 0);
        }
        Ok(())
    };
    eventually("all partitions wait, full", SOON, || full(&host, HALF / 3));
    let before = resident(&mut host)?;

    load.send(HALF)?;
    let sent = load.finish()?;
    eventually("as many again are seen", SOON, || full(&host, 2 * HALF / 3));
    let after = resident(&mut host)?;
    println!("{} MiB, then {} MiB", before / MIB, after / MIB);
    // 30 MB more are waiting.
    assert!(
        after < before + 12 * MIB,
        "it grew from {before} to {after}"
    );
    assert!(after < 150 * MIB, "{after}");

    line.client.create_topic(&line.output, 3, &[])?;
    eventually("all is committed", SOON, || line.is_caught_up());
    let account = Account::read(&line.client, &line.output)?;
    account.is_complete(&sent)?;
    account.is_in_order()?;
    assert_eq!(account.repeats(), 0);
    let at_the_end = resident(&mut host)?;
    println!("{} MiB at the end", at_the_end / MIB);
    assert!(at_the_end < 150 * MIB, "{at_the_end}");
    host.stop()
}
