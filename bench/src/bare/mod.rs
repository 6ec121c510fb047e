//! The bare loop: what a careful engineer writes by hand with rdkafka and serde_json, with the
//! host's guarantees (outputs acknowledged before the commit of the contiguous prefix) and no
//! sandbox. It is what the host is measured against, so it is tuned as well as it can be.

mod clients;
mod progress;
mod purchase;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{BaseRecord, Producer};

use clients::{BareConsumer, BareProducer};
use purchase::{Answer, Purchases};

const COMMIT_INTERVAL: Duration = Duration::from_secs(5);
/// Records between two looks at acknowledgements and the clock.
const BATCH: u32 = 64;
/// How long an empty loop waits for a record.
const IDLE: Duration = Duration::from_millis(100);
/// How long the last acknowledgements may take at the end.
const DRAIN: Duration = Duration::from_secs(8);

/// The line that says that partitions are assigned.
pub const ASSIGNED: &str = "assigned";

/// Where the bare loop reads and writes.
#[derive(Debug, Clone, clap::Args)]
pub struct BareArgs {
    /// `host:port` of the broker.
    #[arg(long)]
    pub bootstrap: String,
    /// The consumer group.
    #[arg(long)]
    pub group: String,
    /// Input topic; may be given more than once.
    #[arg(long = "input", required = true)]
    pub inputs: Vec<String>,
    /// Output topic.
    #[arg(long)]
    pub output: String,
    /// Where records go that are no purchases.
    #[arg(long)]
    pub dead_letter: String,
}

/// Runs until SIGTERM.
///
/// # Errors
/// When a client can't be created, or meets what it can't go on from.
pub fn run(args: &BareArgs) -> Result<()> {
    end_at_sigterm();
    let (consumer, producer) = clients::connect(args)?;
    let mut purchases = Purchases::default();
    let mut committed = Instant::now();
    while !END.load(Ordering::Relaxed) {
        let mut wait = IDLE;
        for _ in 0..BATCH {
            match consumer.poll(wait) {
                Some(Ok(message)) => handle(&message, &producer, &mut purchases, args)?,
                Some(Err(error)) => check(&error)?,
                None => break,
            }
            wait = Duration::ZERO;
        }
        producer.poll(Duration::ZERO);
        ensure!(
            !producer.context().refused(),
            "an output was refused, its record stays open"
        );
        if committed.elapsed() >= COMMIT_INTERVAL {
            commit(&consumer, &producer, CommitMode::Async)?;
            committed = Instant::now();
        }
    }
    producer
        .flush(DRAIN)
        .context("outputs were not acknowledged in time")?;
    commit(&consumer, &producer, CommitMode::Sync)
}

fn handle(
    message: &BorrowedMessage<'_>,
    producer: &BareProducer,
    purchases: &mut Purchases,
    args: &BareArgs,
) -> Result<()> {
    let ticket = producer.context().progress().open(
        message.topic_ptr() as usize,
        message.partition(),
        message.offset(),
        || message.topic().to_owned(),
    );
    let answer = purchases.handle(message.payload());
    let (topic, value) = match answer {
        Answer::Granted => (&args.output, Some(purchases.json.as_slice())),
        Answer::Invalid => (&args.dead_letter, message.payload()),
        Answer::Skipped => {
            producer.context().progress().finish(ticket);
            return Ok(());
        }
    };
    let mut record: BaseRecord<'_, [u8], [u8], usize> = BaseRecord::with_opaque_to(topic, ticket);
    record.key = message.key();
    record.payload = value;
    record.timestamp = message.timestamp().to_millis();
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                record = back;
                producer.poll(Duration::from_millis(10));
            }
            Err((error, _)) => bail!("cannot send to `{topic}`: {error}"),
        }
    }
}

fn commit(consumer: &BareConsumer, producer: &BareProducer, mode: CommitMode) -> Result<()> {
    match producer.context().progress().take_commit() {
        Some(list) => consumer.commit(&list, mode).context("cannot commit"),
        None => Ok(()),
    }
}

/// The client recovers by itself from all but a fatal error.
fn check(error: &KafkaError) -> Result<()> {
    match error {
        KafkaError::MessageConsumptionFatal(_) => bail!("the consumer ended: {error}"),
        _ => {
            eprintln!("{error}");
            Ok(())
        }
    }
}

static END: AtomicBool = AtomicBool::new(false);

fn end_at_sigterm() {
    extern "C" fn end(_: libc::c_int) {
        END.store(true, Ordering::Relaxed);
    }
    // SAFETY: the handler only stores to an atomic.
    unsafe { libc::signal(libc::SIGTERM, end as *const () as libc::sighandler_t) };
}
