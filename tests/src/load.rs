//! Numbered records, and the account of what became of them.
//!
//! Record `n` of partition `p` is `ok <p> <n>`: its number is its offset, and the unruly plugin
//! passes it on as it is. Each partition has a few keys, so that their order can be checked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use rdkafka::Message;

use crate::{Client, Outgoing, Producer};

/// Keys of each partition.
const KEYS: u64 = 7;

/// A sender of numbered records.
pub struct Load {
    producer: Producer,
    topic: String,
    padding: String,
    /// (partition, number) of the records that are padded tenfold.
    large: Vec<(usize, u64)>,
    /// The same of those without a key.
    keyless: Vec<(usize, u64)>,
    /// By partition.
    sent: Vec<u64>,
    /// Counts the partitions' turns.
    next: usize,
}

impl Load {
    /// For a topic that is empty yet; each value is padded by so many bytes.
    pub fn new(client: &Client, topic: &str, padding: usize) -> Result<Load> {
        Ok(Load {
            producer: Producer::new(client.bootstrap())?,
            topic: topic.to_owned(),
            padding: "x".repeat(padding),
            large: Vec::new(),
            keyless: Vec::new(),
            sent: vec![0; client.partitions(topic)?.len()],
            next: 0,
        })
    }

    /// Pads these, by partition and number, ten times as much.
    pub fn with_large(mut self, large: &[(usize, u64)]) -> Load {
        self.large = large.to_vec();
        self
    }

    /// Gives these no key.
    pub fn with_keyless(mut self, keyless: &[(usize, u64)]) -> Load {
        self.keyless = keyless.to_vec();
        self
    }

    /// Sends `count` records more, partition by turns, without waiting for acknowledgements.
    pub fn send(&mut self, count: u64) -> Result<()> {
        for _ in 0..count {
            let partition = self.next % self.sent.len();
            self.next += 1;
            let number = self.sent[partition];
            let is_large = self.large.contains(&(partition, number));
            let padding = self.padding.repeat(if is_large { 10 } else { 1 });
            let mut record = Outgoing::to(&self.topic)
                .partition(i32::try_from(partition)?)
                .value(format!("ok {partition} {number} {padding}"));
            if !self.keyless.contains(&(partition, number)) {
                record = record.key(format!("{partition}-{}", number % KEYS));
            }
            self.producer.send(&record)?;
            self.sent[partition] += 1;
        }
        Ok(())
    }

    /// From now on to so many partitions, as far as the producer knows them; those that are new
    /// have no records yet.
    fn grow(&mut self, partitions: usize) {
        // While no broker answers, its client knows of none that is new.
        if partitions > self.sent.len()
            && let Ok(known) = self.producer.partitions(&self.topic)
        {
            self.sent
                .resize(self.sent.len().max(known.min(partitions)), 0);
        }
    }

    /// Waits for all acknowledgements; gives how many records each partition has.
    pub fn finish(&self) -> Result<Vec<u64>> {
        self.producer.flush()?;
        Ok(self.sent.clone())
    }
}

/// A load that flows evenly, on a thread of its own, until it is stopped.
pub struct Flow {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU64>,
    partitions: Arc<AtomicUsize>,
    thread: Option<JoinHandle<Result<Vec<u64>>>>,
}

/// Between two portions.
const PORTION: Duration = Duration::from_millis(5);

impl Flow {
    /// So many records a second.
    pub fn start(mut load: Load, per_second: u64) -> Flow {
        let stop = Arc::new(AtomicBool::new(false));
        let sent = Arc::new(AtomicU64::new(0));
        let partitions = Arc::new(AtomicUsize::new(0));
        let thread = std::thread::spawn({
            let (stop, sent) = (Arc::clone(&stop), Arc::clone(&sent));
            let partitions = Arc::clone(&partitions);
            move || {
                let begun = Instant::now();
                let mut total = 0;
                while !stop.load(Ordering::Relaxed) {
                    let due = (begun.elapsed().as_millis() as u64 * per_second) / 1000;
                    load.grow(partitions.load(Ordering::Relaxed));
                    load.send(due - total)?;
                    total = due;
                    sent.store(total, Ordering::Relaxed);
                    std::thread::sleep(PORTION);
                }
                load.finish()
            }
        });
        Flow {
            stop,
            sent,
            partitions,
            thread: Some(thread),
        }
    }

    /// How many records are on their way.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// From now on also to the partitions that the topic has got, up to so many.
    pub fn grow(&self, partitions: usize) {
        self.partitions.store(partitions, Ordering::Relaxed);
    }

    /// Whether it has ended by itself, which [`stop`](Flow::stop) explains.
    pub fn is_over(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Stops; gives how many records each partition has.
    pub fn stop(mut self) -> Result<Vec<u64>> {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().context("it is stopped once")?;
        thread.join().map_err(|_| anyhow!("the sender panicked"))?
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// An output, by the record that it came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// The input's partition.
    pub partition: usize,
    /// The input's offset.
    pub number: u64,
    /// Where the output lies.
    pub at: (i32, i64),
}

/// All outputs, in the order of the output topic's partitions.
pub struct Account(pub Vec<Passed>);

impl Account {
    /// Reads the output topic, once no transaction is open in it.
    pub fn read(client: &Client, output: &str) -> Result<Account> {
        client.await_settled(output)?;
        let mut passed = Vec::new();
        let mut foreign = 0;
        client.read_each(output, |message| {
            let at = (message.partition(), message.offset());
            match message.payload().and_then(parse) {
                Some((partition, number)) => passed.push(Passed {
                    partition,
                    number,
                    at,
                }),
                None => foreign += 1,
            }
        })?;
        ensure!(foreign == 0, "{foreign} outputs that nobody asked for");
        passed.sort_by_key(|passed| passed.at);
        Ok(Account(passed))
    }

    /// Whether each of the first `sent[p]` records of each partition `p` is there, and no other.
    pub fn is_complete(&self, sent: &[u64]) -> Result<()> {
        self.is_complete_but_for(sent, &[])
    }

    /// [`is_complete`](Account::is_complete), but for these (partition, number), which must not be
    /// there.
    pub fn is_complete_but_for(&self, sent: &[u64], not: &[(usize, u64)]) -> Result<()> {
        let mut there: Vec<Vec<bool>> = sent.iter().map(|n| vec![false; *n as usize]).collect();
        let unwanted = self
            .0
            .iter()
            .find(|passed| not.contains(&(passed.partition, passed.number)));
        ensure!(unwanted.is_none(), "{unwanted:?} was not to be there");
        for (partition, number) in not {
            there[*partition][*number as usize] = true;
        }
        for passed in &self.0 {
            let cell = there
                .get_mut(passed.partition)
                .and_then(|of| of.get_mut(passed.number as usize));
            *cell.with_context(|| format!("an output of a record never sent: {passed:?}"))? = true;
        }
        for (partition, of) in there.iter().enumerate() {
            let missing: Vec<usize> = (0..of.len()).filter(|number| !of[*number]).collect();
            ensure!(
                missing.is_empty(),
                "{} of {} records of partition {partition} have no output, the first: {:?}",
                missing.len(),
                of.len(),
                &missing[..missing.len().min(10)]
            );
        }
        Ok(())
    }

    /// Whether the outputs of each key, each taken where it came first, are in order.
    pub fn is_in_order(&self) -> Result<()> {
        let mut latest: BTreeMap<(usize, u64), u64> = BTreeMap::new();
        let mut seen: BTreeMap<usize, Vec<bool>> = BTreeMap::new();
        for passed in &self.0 {
            let seen = seen.entry(passed.partition).or_default();
            let number = passed.number as usize;
            seen.resize(seen.len().max(number + 1), false);
            if std::mem::replace(&mut seen[number], true) {
                continue;
            }
            let key = (passed.partition, passed.number % KEYS);
            if let Some(before) = latest.insert(key, passed.number) {
                ensure!(before < passed.number, "{before} came before {passed:?}");
            }
        }
        Ok(())
    }

    /// How many outputs repeat an earlier one.
    pub fn repeats(&self) -> usize {
        let mut all: Vec<_> = self
            .0
            .iter()
            .map(|one| (one.partition, one.number))
            .collect();
        let total = all.len();
        all.sort_unstable();
        all.dedup();
        total - all.len()
    }
}

/// `ok <partition> <number> …`
fn parse(value: &[u8]) -> Option<(usize, u64)> {
    let mut words = std::str::from_utf8(value).ok()?.split(' ');
    (words.next() == Some("ok")).then_some(())?;
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}
