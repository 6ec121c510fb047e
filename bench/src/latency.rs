//! End-to-end latency at a fixed rate, both alternately.

use anyhow::{Context, Result};
use penstock_tests::unique;

use crate::bench::{Bench, PARTITIONS};
use crate::paced::{self, Latency};
use crate::subject::{Job, Subject};

/// The rounds of both.
#[derive(Debug, Default)]
pub(crate) struct Latencies {
    pub(crate) bare: Vec<Latency>,
    pub(crate) host: Vec<Latency>,
}

pub(crate) fn measure(bench: &Bench) -> Result<Latencies> {
    let mut result = Latencies::default();
    for round in 0..bench.amount.rounds {
        for subject in Subject::both(round) {
            let name = subject.name();
            let of = bench.amount.rounds;
            bench
                .progress
                .step(format!("latency: {name}, round {} of {of}", round + 1));
            let latency = once(bench, subject).with_context(|| name)?;
            bench.progress.result(&show(name, &latency));
            match subject {
                Subject::Bare => result.bare.push(latency),
                Subject::Host => result.host.push(latency),
            }
        }
    }
    Ok(result)
}

fn once(bench: &Bench, subject: Subject) -> Result<Latency> {
    let input = bench.topic("paced", &[])?;
    let output = bench.stamped_topic("granted")?;
    let dead_letter = bench.topic("dead", &[])?;
    let mut running = subject.start(&Job {
        bootstrap: bench.broker.bootstrap(),
        group: &unique("latency"),
        input: &input,
        output: &output,
        dead_letter: &dead_letter,
    })?;
    running.ready(PARTITIONS)?;
    let latency = paced::measure(bench, &input, &output)?;
    running.stop()?;
    Ok(latency)
}

/// One line of a round.
pub(crate) fn show(name: &str, latency: &Latency) -> String {
    let Latency { p50, p99, p999 } = latency;
    format!("{name}: p50 {p50} ms, p99 {p99} ms, p99.9 {p999} ms")
}
