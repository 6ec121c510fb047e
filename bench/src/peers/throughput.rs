//! How fast, and for how much CPU, a full topic is worked off by a process that is warm.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use penstock_tests::{unique, wait_until};

use super::Peer;
use crate::bench::Bench;
use crate::subject::{Job, Running};

/// Between two transactions.
const TRANSACTIONS: Duration = Duration::from_millis(100);
/// Between two looks at the output topic.
const LOOK: Duration = Duration::from_millis(20);
/// How long the last transaction may take.
const TAIL: Duration = Duration::from_secs(30);

/// A topic full of purchases, and how many of them don't count.
pub(super) struct Input {
    topic: String,
    warm_up: u64,
}

impl Input {
    /// Written anew.
    pub(super) fn filled(bench: &Bench, warm_up: u64) -> Result<Input> {
        let topic = bench.filled_topic(warm_up + bench.amount.peers.records)?;
        Ok(Input { topic, warm_up })
    }

    pub(super) fn delete(self, bench: &Bench) -> Result<()> {
        bench.client().delete_topic(&self.topic)
    }
}

/// One run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// Records a second.
    pub(super) per_second: f64,
    /// Records for each second of the process's CPU time.
    pub(super) per_cpu_second: f64,
    /// Resident memory at its highest.
    pub(super) peak_mb: f64,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Run {
            per_second,
            per_cpu_second,
            peak_mb,
        } = self;
        write!(
            f,
            "{per_second:.0} records/s, {per_cpu_second:.0} records per CPU-second, {peak_mb:.0} MB"
        )
    }
}

/// Over all records of the input. The clock begins when the outputs of the warm-up are written, and
/// ends when the last output is there to be read by who reads what is committed.
pub(super) fn once(bench: &Bench, peer: Peer, input: &Input) -> Result<Run> {
    let Input { topic, warm_up } = input;
    let all = (warm_up + bench.amount.peers.records).cast_signed();
    let output = bench.topic("granted", &[])?;
    let dead_letter = bench.topic("dead", &[])?;
    let group = unique("peer");
    let job = Job {
        bootstrap: bench.broker.bootstrap(),
        group: &group,
        input: topic,
        output: &output,
        dead_letter: &dead_letter,
    };
    let mut running = peer.start(&job, TRANSACTIONS)?;
    let before = written(bench, &output, warm_up.cast_signed(), all, &mut running)?;
    let (clock, usage_before) = (Instant::now(), running.usage()?);
    written(bench, &output, all, all, &mut running)?;
    if peer.is_exactly_once() {
        // Written is not committed, and commits have offsets in the log, too. What tells is the
        // group's offsets, which are committed with the outputs.
        wait_until("the last transaction is committed", TAIL, || {
            bench.client().caught_up(&group, topic)
        })?;
    }
    let wall = clock.elapsed();
    let usage = running.usage()?;
    running.stop()?;
    bench.audit(&output, all.cast_unsigned())?;
    bench.client().caught_up(&group, topic)?;
    bench.client().delete_topic(&output)?;
    let records = (all - before) as f64;
    Ok(Run {
        per_second: records / wall.as_secs_f64(),
        per_cpu_second: records / (usage.cpu - usage_before.cpu).as_secs_f64(),
        peak_mb: usage.peak_bytes as f64 / 1e6,
    })
}

/// Waits until so many outputs are in the topic; returns how many there are then.
fn written(
    bench: &Bench,
    output: &str,
    wanted: i64,
    all: i64,
    running: &mut Running,
) -> Result<i64> {
    let clock = Instant::now();
    let limit = Duration::from_secs(60 + all.unsigned_abs() / 5_000);
    loop {
        let there = bench.client().count(output)?;
        bench.progress.at(there, all);
        if there >= wanted {
            return Ok(there);
        }
        running.check()?;
        ensure!(
            clock.elapsed() < limit,
            "{there} of {wanted} outputs after {limit:?}"
        );
        thread::sleep(LOOK);
    }
}
