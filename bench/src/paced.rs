//! Records at a fixed rate, and how long each took to its output.

use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use penstock_tests::{Producer, wait_until};
use rdkafka::message::Message;

use crate::bench::{Bench, outgoing};
use crate::events::sequence;
use crate::stats::percentile;

/// Records a second.
pub(crate) const RATE: u64 = 2_000;
/// What is sent before anything is counted.
pub(crate) const WARM_UP: Duration = Duration::from_secs(2);
/// How long the last outputs may take.
const TAIL: Duration = Duration::from_secs(30);

/// How long records took to their outputs, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
}

/// Sends purchases to `input` at the rate, waits for their outputs, and compares times.
///
/// # Errors
/// When an output is missing, doubled, wrong or out of order.
pub(crate) fn measure(bench: &Bench, input: &str, output: &str) -> Result<Latency> {
    let warm_up = RATE * WARM_UP.as_secs();
    let count = warm_up + RATE * bench.amount.paced.as_secs();
    send(bench, input, 0..count, |_| ())?;
    wait_until("all outputs are there", TAIL, || {
        let there = bench.client().count(output)?;
        ensure!(there >= count.cast_signed(), "{there} of {count}");
        Ok(())
    })?;
    bench.audit(output, count)?;

    let created = times(bench, input, count)?;
    let appended = times(bench, output, count)?;
    let counted = usize::try_from(warm_up)?..;
    let mut took: Vec<f64> = created[counted.clone()]
        .iter()
        .zip(&appended[counted])
        .map(|(created, appended)| (appended - created) as f64)
        .collect();
    Latency::of(&mut took)
}

impl Latency {
    /// Of the times of all records.
    ///
    /// # Errors
    /// When there are none.
    pub(crate) fn of(took: &mut [f64]) -> Result<Latency> {
        took.sort_by(f64::total_cmp);
        let at = |share| percentile(took, share).context("nothing was measured");
        Ok(Latency {
            p50: at(0.5)?,
            p99: at(0.99)?,
            p999: at(0.999)?,
        })
    }
}

/// Sends the purchases of these numbers at the rate; `sending` is told each before it goes.
pub(crate) fn send(
    bench: &Bench,
    topic: &str,
    numbers: Range<u64>,
    mut sending: impl FnMut(u64),
) -> Result<()> {
    let producer = Producer::with_settings(bench.broker.bootstrap(), &[("linger.ms", "0")])?;
    let start = Instant::now();
    let count = (numbers.end - numbers.start).cast_signed();
    for (done, number) in (0..).zip(numbers) {
        let due = start + Duration::from_secs(done) / u32::try_from(RATE)?;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        sending(number);
        producer.send(&outgoing(topic, number))?;
        if done % RATE == 0 {
            bench.progress.at(done.cast_signed(), count);
        }
    }
    producer.flush()?;
    Ok(())
}

/// The timestamp of each event, by its number.
fn times(bench: &Bench, topic: &str, count: u64) -> Result<Vec<i64>> {
    let mut times = vec![0; usize::try_from(count)?];
    bench.client().read_each(topic, |message| {
        let number = message
            .payload()
            .and_then(sequence)
            .and_then(|n| usize::try_from(n).ok());
        if let Some(time) = number.and_then(|number| times.get_mut(number)) {
            *time = message.timestamp().to_millis().unwrap_or_default();
        }
    })?;
    Ok(times)
}
