//! What all measurements share: the broker, its topics, and how much is asked for.

use std::time::Duration;

use anyhow::Result;
use penstock_tests::{Broker, BrokerOptions, Client, Outgoing, Producer, unique};

use crate::events::{Audit, purchase, user};
use crate::progress::Progress;

/// Partitions of each topic under load.
pub(crate) const PARTITIONS: i32 = 4;

/// How much to measure.
#[derive(Debug, Clone)]
pub(crate) struct Amount {
    /// Purchases of one throughput run.
    pub(crate) records: u64,
    /// Pairs of throughput runs.
    pub(crate) pairs: u32,
    /// Rounds of latency, of wedged guests and of starts.
    pub(crate) rounds: u32,
    /// Records of each run with a handler that takes long.
    pub(crate) slow_records: i64,
    /// Calls of each plugin in a round that compares JSON.
    pub(crate) json_calls: u64,
    /// How long records come at a fixed rate, in each round.
    pub(crate) paced: Duration,
    /// How long the idle process is watched.
    pub(crate) idle: Duration,
    /// Partitions that the idle process holds.
    pub(crate) idle_partitions: i32,
    /// What each of the peers does.
    pub(crate) peers: PeerAmount,
}

/// How much of it is done beside peers.
#[derive(Debug, Clone)]
pub(crate) struct PeerAmount {
    /// Purchases of a throughput run that come first and don't count.
    pub(crate) warm_up: u64,
    /// The same for a JVM, which compiles meanwhile: after half a million it is a third slower than
    /// after three, and after six no faster.
    pub(crate) jvm_warm_up: u64,
    /// Those that count.
    pub(crate) records: u64,
    /// Rounds of throughput runs, and of latency.
    pub(crate) rounds: u32,
    pub(crate) paced_rounds: u32,
    /// How long records come at a fixed rate, in each round.
    pub(crate) paced: Duration,
    /// Purchases that come as fast as they can be sent before latency is measured.
    pub(crate) burst: u64,
}

impl Amount {
    /// What the published figures are made of.
    pub(crate) fn full() -> Amount {
        Amount {
            records: 2_000_000,
            pairs: 5,
            rounds: 5,
            slow_records: 1_000,
            json_calls: 500_000,
            paced: Duration::from_secs(15),
            idle: Duration::from_secs(20),
            idle_partitions: 1_000,
            peers: PeerAmount {
                warm_up: 200_000,
                jvm_warm_up: 3_000_000,
                records: 1_000_000,
                rounds: 3,
                paced_rounds: 5,
                paced: Duration::from_secs(12),
                burst: 100_000,
            },
        }
    }

    /// Whether everything works, in about two and a half minutes; the figures mean little.
    pub(crate) fn quick() -> Amount {
        Amount {
            records: 100_000,
            pairs: 2,
            rounds: 1,
            slow_records: 500,
            json_calls: 50_000,
            paced: Duration::from_secs(5),
            idle: Duration::from_secs(3),
            idle_partitions: 200,
            peers: PeerAmount {
                warm_up: 50_000,
                jvm_warm_up: 100_000,
                records: 100_000,
                rounds: 1,
                paced_rounds: 1,
                paced: Duration::from_secs(5),
                burst: 20_000,
            },
        }
    }
}

/// A run of the benchmark.
pub(crate) struct Bench {
    pub(crate) broker: Broker,
    pub(crate) amount: Amount,
    pub(crate) progress: Progress,
}

impl Bench {
    pub(crate) fn start(amount: Amount, progress: Progress) -> Result<Bench> {
        progress.step("starting a broker");
        let broker = Broker::start(BrokerOptions {
            heap_mib: 1024,
            quick_start: false,
            ..BrokerOptions::default()
        })?;
        Ok(Bench {
            broker,
            amount,
            progress,
        })
    }

    pub(crate) fn client(&self) -> &Client {
        self.broker.client()
    }

    /// A new topic of four partitions.
    pub(crate) fn topic(&self, name: &str, settings: &[(&str, &str)]) -> Result<String> {
        let topic = unique(name);
        self.client().create_topic(&topic, PARTITIONS, settings)?;
        Ok(topic)
    }

    /// A new topic whose records get the broker's time of writing.
    pub(crate) fn stamped_topic(&self, name: &str) -> Result<String> {
        self.topic(name, &[("message.timestamp.type", "LogAppendTime")])
    }

    /// A new topic that holds the purchases `0..count`.
    pub(crate) fn filled_topic(&self, count: u64) -> Result<String> {
        let topic = self.topic("purchases", &[])?;
        self.progress.step(format!("writing {count} purchases"));
        self.fill(&topic, count)?;
        Ok(topic)
    }

    /// Writes the purchases `0..count` as fast as they can be written.
    pub(crate) fn fill(&self, topic: &str, count: u64) -> Result<()> {
        let producer = Producer::new(self.broker.bootstrap())?;
        for sequence in 0..count {
            producer.send(&outgoing(topic, sequence))?;
            if sequence % 10_000 == 0 {
                self.progress
                    .at(sequence.cast_signed(), count.cast_signed());
            }
        }
        producer.flush()?;
        Ok(())
    }

    /// Whether the outputs of the purchases `0..count` are all in the topic, once each, in order.
    pub(crate) fn audit(&self, output: &str, count: u64) -> Result<()> {
        use rdkafka::message::Message;
        let mut audit = Audit::new(count);
        self.client().read_each(output, |message| {
            audit.take(message.key(), message.payload())
        })?;
        audit.finish()
    }
}

/// A purchase as it is sent.
pub(crate) fn outgoing(topic: &str, sequence: u64) -> Outgoing {
    Outgoing::to(topic)
        .key(user(sequence))
        .value(purchase(sequence))
}
