//! How fast, and for how much CPU, a full topic is worked off.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use penstock_tests::unique;

use crate::bench::Bench;
use crate::subject::{Job, Subject};

/// Between two looks at the output topic.
const LOOK: Duration = Duration::from_millis(50);

/// One run over all records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// Records a second, from the start of the process to the last output.
    pub(crate) per_second: f64,
    /// Records for each second of the process's CPU time.
    pub(crate) per_cpu_second: f64,
    /// Resident memory at its highest.
    pub(crate) peak_mb: f64,
}

/// The runs, pair by pair.
#[derive(Debug, Default)]
pub(crate) struct Throughput {
    pub(crate) bare: Vec<Run>,
    pub(crate) host: Vec<Run>,
}

/// Runs both alternately over the same records, each time with a new group and a new output topic.
pub(crate) fn measure(bench: &Bench) -> Result<Throughput> {
    let input = bench.filled_topic(bench.amount.records)?;
    // The broker compiles its own code on the first pair.
    for subject in Subject::both(0) {
        bench
            .progress
            .step(format!("throughput: {}, warm-up", subject.name()));
        once(bench, subject, &input)?;
    }
    let mut result = Throughput::default();
    for pair in 0..bench.amount.pairs {
        for subject in Subject::both(pair) {
            let name = subject.name();
            let of = bench.amount.pairs;
            bench
                .progress
                .step(format!("throughput: {name}, pair {} of {of}", pair + 1));
            let run = once(bench, subject, &input).with_context(|| name)?;
            bench.progress.result(&format!(
                "{name}: {:.0} records/s, {:.0} records per CPU-second, {:.0} MB",
                run.per_second, run.per_cpu_second, run.peak_mb
            ));
            match subject {
                Subject::Bare => result.bare.push(run),
                Subject::Host => result.host.push(run),
            }
        }
    }
    Ok(result)
}

fn once(bench: &Bench, subject: Subject, input: &str) -> Result<Run> {
    let records = bench.amount.records;
    let output = bench.topic("granted", &[])?;
    let dead_letter = bench.topic("dead", &[])?;
    let group = unique("throughput");
    let job = Job {
        bootstrap: bench.broker.bootstrap(),
        group: &group,
        input,
        output: &output,
        dead_letter: &dead_letter,
    };
    let clock = Instant::now();
    let mut running = subject.start(&job)?;
    let limit = Duration::from_secs(60 + records / 5_000);
    loop {
        let done = bench.client().count(&output)?;
        bench.progress.at(done, records.cast_signed());
        if done >= records.cast_signed() {
            break;
        }
        running.check()?;
        ensure!(
            clock.elapsed() < limit,
            "{done} of {records} outputs after {limit:?}"
        );
        thread::sleep(LOOK);
    }
    let wall = clock.elapsed();
    let usage = running.usage()?;
    running.stop()?;
    bench.audit(&output, records)?;
    bench.client().caught_up(&group, input)?;
    bench.client().delete_topic(&output)?;
    Ok(Run {
        per_second: records as f64 / wall.as_secs_f64(),
        per_cpu_second: records as f64 / usage.cpu.as_secs_f64(),
        peak_mb: usage.peak_bytes as f64 / 1e6,
    })
}
