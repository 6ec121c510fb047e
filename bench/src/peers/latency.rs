//! From a purchase to a reader that has its grant, at a fixed rate, of a process that is warm.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use penstock_tests::{unique, wait_until};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use super::Peer;
use crate::bench::{Bench, PARTITIONS};
use crate::events::sequence;
use crate::paced::{self, Latency, RATE, WARM_UP};
use crate::subject::Job;

/// Between two transactions.
const TRANSACTIONS: Duration = Duration::from_millis(20);
/// How long the burst may take, with the start of the process.
const BURST: Duration = Duration::from_secs(120);
/// How long an output may take.
const TAIL: Duration = Duration::from_secs(30);

pub(super) fn once(bench: &Bench, peer: Peer) -> Result<Latency> {
    let burst = bench.amount.peers.burst;
    let warm_up = RATE * WARM_UP.as_secs();
    let count = burst + warm_up + RATE * bench.amount.peers.paced.as_secs();
    let input = bench.topic("paced", &[])?;
    let output = bench.topic("granted", &[])?;
    let dead_letter = bench.topic("dead", &[])?;
    let mut running = peer.start(
        &Job {
            bootstrap: bench.broker.bootstrap(),
            group: &unique("peer"),
            input: &input,
            output: &output,
            dead_letter: &dead_letter,
        },
        TRANSACTIONS,
    )?;
    let reader = reader(bench, &output)?;
    let seen = AtomicU64::new(0);
    let (sent, arrived) = thread::scope(|scope| {
        let reading = scope.spawn(|| read(&reader, count, &seen));
        let sent = send(bench, &input, burst..count, &seen);
        let arrived = reading
            .join()
            .map_err(|_| anyhow!("the reader panicked"))
            .flatten();
        // If nothing could be sent, that is why nothing came.
        sent.and_then(|sent| Ok((sent, arrived?)))
    })
    .with_context(|| running.log_tail())?;
    running.stop()?;
    bench.audit(&output, count)?;
    let arrived = &arrived[usize::try_from(burst)?..];
    let mut took: Vec<f64> = sent
        .iter()
        .zip(arrived)
        .skip(usize::try_from(warm_up)?)
        .filter_map(|(sent, arrived)| Some(((*arrived)? - *sent).as_secs_f64() * 1e3))
        .collect();
    Latency::of(&mut took)
}

/// The purchases before `numbers` at once, then, when their outputs are there, these at the rate;
/// returns when each of these was sent.
fn send(
    bench: &Bench,
    input: &str,
    numbers: std::ops::Range<u64>,
    seen: &AtomicU64,
) -> Result<Vec<Instant>> {
    bench.fill(input, numbers.start)?;
    wait_until("the burst is worked off", BURST, || {
        let seen = seen.load(Ordering::Relaxed);
        ensure!(seen >= numbers.start, "{seen} of {}", numbers.start);
        Ok(())
    })?;
    let mut sent = Vec::new();
    paced::send(bench, input, numbers, |_| sent.push(Instant::now()))?;
    Ok(sent)
}

/// A consumer at the start of the topic that sees what is committed, and waits for more.
fn reader(bench: &Bench, topic: &str) -> Result<BaseConsumer> {
    let reader: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", bench.broker.bootstrap())
        .set("group.id", "bench-reader")
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("fetch.queue.backoff.ms", "1")
        .create()
        .context("cannot create the reader")?;
    let mut from = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        from.add_partition_offset(topic, partition, Offset::Beginning)?;
    }
    reader.assign(&from)?;
    Ok(reader)
}

/// When each of the `count` grants was first read, by its number; `seen` counts along.
fn read(reader: &BaseConsumer, count: u64, seen: &AtomicU64) -> Result<Vec<Option<Instant>>> {
    let mut arrived = vec![None; usize::try_from(count)?];
    let mut missing = count;
    let mut last = Instant::now();
    // The first may take as long as the process that writes it needs to begin.
    let mut patience = BURST;
    while missing > 0 {
        ensure!(
            last.elapsed() < patience,
            "{missing} of {count} outputs are missing, and none came for {patience:?}"
        );
        let Some(message) = reader.poll(Duration::from_millis(100)) else {
            continue;
        };
        last = Instant::now();
        patience = TAIL;
        let message = message.context("cannot read the outputs")?;
        let number = message.payload().and_then(sequence);
        let number = number.context("an output that is no grant")?;
        let place = arrived
            .get_mut(usize::try_from(number)?)
            .context("an output of no purchase that was sent")?;
        if place.is_none() {
            *place = Some(last);
            missing -= 1;
            seen.store(count - missing, Ordering::Relaxed);
        }
    }
    Ok(arrived)
}
