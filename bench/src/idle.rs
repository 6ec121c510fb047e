//! What a process costs that holds a thousand partitions in which nothing happens.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use penstock_tests::{plugin, unique};

use crate::bench::Bench;
use crate::subject::{Job, Running, Subject, base_config, start_host};

/// Between the assignment and the first look.
const SETTLE: Duration = Duration::from_secs(5);
/// The name of its thread, on which it does all that it does.
const WATCHDOG: &str = "watchdog";

/// What was used while nothing happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Idle {
    /// Of one core, in percent.
    pub(crate) cpu_percent: f64,
    /// Resident after the watch.
    pub(crate) resident_mb: f64,
    /// Of one core, in percent: what the watchdog takes of it. The bare loop has none.
    pub(crate) watchdog_percent: f64,
}

/// Of the bare loop and of the host; the host with two plugins on half of the partitions each.
#[derive(Debug)]
pub(crate) struct Idles {
    pub(crate) bare: Idle,
    pub(crate) host: Idle,
}

pub(crate) fn measure(bench: &Bench) -> Result<Idles> {
    let all = bench.amount.idle_partitions;
    let client = bench.client();
    bench
        .progress
        .step(format!("idle: {all} partitions are created"));
    let whole = unique("idle");
    let halves = [unique("idle"), unique("idle")];
    client.create_topic(&whole, all, &[])?;
    for half in &halves {
        client.create_topic(half, all / 2, &[])?;
    }
    let output = bench.topic("granted", &[])?;
    let progress = bench.topic("progress", &[])?;
    let dead_letter = bench.topic("dead", &[])?;
    let bootstrap = bench.broker.bootstrap();
    let group = unique("idle");

    let bare = Subject::Bare.start(&Job {
        bootstrap,
        group: &group,
        input: &whole,
        output: &output,
        dead_letter: &dead_letter,
    })?;
    let bare = watch(bench, "bare loop", bare)?;

    let config = base_config(bootstrap, &unique("idle"))
        .handler(
            "purchase-to-access",
            &plugin("purchase-to-access")?,
            &[("access-granted", &output)],
        )
        .handler(
            "progress-updates",
            &plugin("progress-updates")?,
            &[("progress-updated", &progress)],
        )
        .topic(
            &halves[0],
            &["purchase-to-access"],
            "earliest",
            Some(&dead_letter),
        )
        .topic(
            &halves[1],
            &["progress-updates"],
            "earliest",
            Some(&dead_letter),
        );
    let host = watch(bench, "host", start_host(&config)?)?;

    for topic in halves.iter().chain([&whole]) {
        client.delete_topic(topic)?;
    }
    Ok(Idles { bare, host })
}

fn watch(bench: &Bench, name: &str, mut running: Running) -> Result<Idle> {
    bench.progress.step(format!("idle: {name} is watched"));
    running.ready(bench.amount.idle_partitions)?;
    // What is measured is the passing of time itself.
    thread::sleep(SETTLE);
    let before = (running.usage()?, running.threads_cpu(WATCHDOG)?);
    thread::sleep(bench.amount.idle);
    let after = (running.usage()?, running.threads_cpu(WATCHDOG)?);
    running.stop()?;
    let percent = |cpu: Duration| cpu.as_secs_f64() / bench.amount.idle.as_secs_f64() * 100.0;
    let idle = Idle {
        cpu_percent: percent(after.0.cpu - before.0.cpu),
        resident_mb: after.0.resident_bytes as f64 / 1e6,
        watchdog_percent: percent(after.1 - before.1),
    };
    let Idle {
        cpu_percent,
        resident_mb,
        ..
    } = idle;
    bench.progress.result(&format!(
        "{name}: {cpu_percent:.1} % of a core, {resident_mb:.0} MB"
    ));
    Ok(idle)
}
