//! The bare loop's consumer and producer, with the host's client settings.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use rdkafka::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::producer::{BaseProducer, DeliveryResult, Producer, ProducerContext};

use super::progress::Progress;
use super::{ASSIGNED, BareArgs};

/// How long a revocation waits for acknowledgements.
const REVOKE: Duration = Duration::from_secs(2);

pub(super) type BareProducer = BaseProducer<Acknowledgements>;
pub(super) type BareConsumer = BaseConsumer<Rebalancing>;

/// Both clients; the consumer is subscribed.
pub(super) fn connect(args: &BareArgs) -> Result<(BareConsumer, Arc<BareProducer>)> {
    let producer: BareProducer = ClientConfig::new()
        .set("bootstrap.servers", &args.bootstrap)
        .set("enable.idempotence", "true")
        .set("partitioner", "murmur2_random")
        .set("message.timeout.ms", "0")
        .create_with_context(Acknowledgements::default())
        .context("cannot create the producer")?;
    let producer = Arc::new(producer);
    let consumer: BareConsumer = ClientConfig::new()
        .set("bootstrap.servers", &args.bootstrap)
        .set("group.id", &args.group)
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "earliest")
        .set("fetch.queue.backoff.ms", "1")
        .set("queued.max.messages.kbytes", "16384")
        .create_with_context(Rebalancing {
            producer: producer.clone(),
        })
        .context("cannot create the consumer")?;
    let inputs: Vec<&str> = args.inputs.iter().map(String::as_str).collect();
    consumer.subscribe(&inputs).context("cannot subscribe")?;
    Ok((consumer, producer))
}

/// Finishes records as their outputs are acknowledged.
#[derive(Default)]
pub(super) struct Acknowledgements {
    progress: Mutex<Progress>,
    refused: AtomicBool,
}

impl Acknowledgements {
    /// Only the loop's own thread comes here, so this never waits.
    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an output was refused for good: its record can't be finished.
    pub(super) fn refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }
}

impl ClientContext for Acknowledgements {}

impl ProducerContext for Acknowledgements {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, ticket: usize) {
        match result {
            Ok(_) => self.progress().finish(ticket),
            Err((error, _)) => {
                eprintln!("an output was refused: {error}");
                self.refused.store(true, Ordering::Relaxed);
            }
        }
    }
}

/// Commits what is finished before partitions go.
pub(super) struct Rebalancing {
    producer: Arc<BareProducer>,
}

impl ClientContext for Rebalancing {}

impl ConsumerContext for Rebalancing {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Revoke(partitions) = rebalance else {
            return;
        };
        if let Err(error) = self.producer.flush(REVOKE) {
            eprintln!("outputs not acknowledged before partitions go: {error}");
        }
        let finished = self.producer.context().progress().take_commit();
        if let Some(list) = finished
            && let Err(error) = consumer.commit(&list, CommitMode::Sync)
        {
            eprintln!("cannot commit before partitions go: {error}");
        }
        let mut progress = self.producer.context().progress();
        for partition in partitions.elements() {
            progress.forget(partition.topic(), partition.partition());
        }
    }

    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(partitions) = rebalance
            && partitions.count() > 0
        {
            println!("{ASSIGNED} {} partitions", partitions.count());
        }
    }
}
