//! Outputs and dead letters to Kafka: the engine hands messages over here; what became of them is
//! brought back by [`crate::deliveries`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use penstock_core::config::{Delivery, Kafka};
use penstock_engine::ports::{
    AckToken, Blame, DeliveryReports, Outgoing, OutputTopic, Refusal, SendError, Sink,
};
use rdkafka::ClientConfig;
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::blame::{blame, blame_in_transaction, is_of_the_batch};
use crate::deliveries::Deliveries;
use crate::latch::Latch;
use crate::native::{Error, Frozen, Handle, Headers, Produced, Queue, Role, TopicHandle};
use crate::singles::Singles;
use crate::stalls::Topic;

/// How long a purge may take.
const PURGE: Duration = Duration::from_millis(100);

/// A producer of the host's.
pub struct KafkaSink {
    pub(crate) handle: Arc<Handle>,
    /// Its partitions in which a batch was refused. None ever is in a transaction, since an abort
    /// drops what lies behind the refused.
    pub(crate) frozen: Arc<Frozen>,
    /// Whom to blame for a refusal.
    pub(crate) blame: fn(Rd) -> Blame,
    config: ClientConfig,
    /// Made when it is first needed, by the delivery thread.
    pub(crate) singles: OnceLock<Singles>,
    pub(crate) topics: Vec<Topic>,
    pub(crate) queue: Queue,
    /// Refused by the client at once, and not reported yet.
    pub(crate) at_once: Mutex<Vec<Refusal>>,
    pub(crate) stopping: AtomicBool,
    deliveries: Mutex<Option<JoinHandle<()>>>,
}

impl KafkaSink {
    /// Creates the producer. `topics` are what [`OutputTopic`] numbers. Nothing is reported
    /// before [`KafkaSink::report_to`].
    ///
    /// # Errors
    /// A setting that librdkafka does not take, or a name that no topic can have.
    pub fn new(
        kafka: &Kafka,
        client_id: &str,
        topics: &[Arc<str>],
    ) -> Result<Arc<KafkaSink>, Error> {
        let config = crate::client::sink_config(kafka, client_id);
        let (frozen, handle, blame): (_, _, fn(Rd) -> Blame) = match kafka.delivery {
            Delivery::AtLeastOnce => {
                let frozen = Frozen::new(is_of_the_batch);
                let handle = Handle::create_holding(&config, &frozen)?;
                (frozen, handle, blame)
            }
            Delivery::ExactlyOnce(_) => {
                let handle = Handle::create(&config, Role::Producer)?;
                (Frozen::new(|_| false), handle, blame_in_transaction)
            }
        };
        let topics = topics
            .iter()
            .map(|name| TopicHandle::new(&handle, name).map(Topic::new))
            .collect::<Result<_, _>>()?;
        Ok(Arc::new(KafkaSink {
            queue: Queue::of_producer(&handle),
            topics,
            handle,
            frozen,
            blame,
            config,
            singles: OnceLock::new(),
            at_once: Mutex::default(),
            stopping: AtomicBool::new(false),
            deliveries: Mutex::new(None),
        }))
    }

    /// Starts the delivery thread. `failed` is called once if the producer meets an error after
    /// which it is of no use; the process is then to end.
    ///
    /// # Errors
    /// When the thread does not start.
    pub fn report_to(
        self: &Arc<Self>,
        reports: Arc<dyn DeliveryReports>,
        latch: Arc<dyn Latch>,
        failed: Box<dyn FnOnce(String) + Send>,
    ) -> Result<(), Error> {
        let sink = Arc::clone(self);
        let thread = std::thread::Builder::new()
            .name("kafka-delivery".into())
            .spawn(move || Deliveries::new(sink, reports, latch, failed).run())
            .map_err(|error| Error {
                code: Rd::CriticalSystemResource,
                text: format!("the delivery thread does not start: {error}"),
                fatal: true,
            })?;
        let held = self.deliveries.lock();
        *held.unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(())
    }

    /// Waits until everything is acknowledged or refused, at most until `deadline`, and ends the
    /// delivery thread. Returns how many messages were given up; the engine is told of each.
    pub fn close(&self, deadline: Instant) -> usize {
        let given_up = self.flush(deadline);
        // From here on the client may end at any time, and must not be asked for anything.
        self.frozen.stop();
        if given_up > 0 {
            tracing::warn!(
                messages = given_up,
                "outputs were given up before their acknowledgement"
            );
            self.handle.purge();
            if let Some(singles) = self.singles.get() {
                singles.handle.purge();
            }
            self.flush(Instant::now() + PURGE);
        }
        self.stopping.store(true, Ordering::Release);
        self.queue.wake();
        let thread = self
            .deliveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the delivery thread panicked");
        }
        given_up
    }

    /// First the batches: what is refused of them is with the single messages by then.
    fn flush(&self, deadline: Instant) -> usize {
        let left = || deadline.saturating_duration_since(Instant::now());
        let batches = self.handle.flush(left());
        let singles = self.singles.get();
        batches + singles.map_or(0, |singles| singles.handle.flush(left()))
    }

    /// The producer of single messages.
    ///
    /// # Errors
    /// As [`Singles::new`].
    pub(crate) fn singles(&self) -> Result<&Singles, Error> {
        if self.singles.get().is_none() {
            let made = Singles::new(self.config.clone(), &self.topics)?;
            // Only the delivery thread comes here, so there is no other.
            return Ok(self.singles.get_or_init(|| made));
        }
        Ok(self.singles.get().expect("it was just looked at"))
    }

    /// Hands a message over; counted before, since its report may be there before this returns.
    fn produce(&self, topic: &Topic, produced: Produced<'_>) -> Result<(), Rd> {
        topic.waiting.fetch_add(1, Ordering::Relaxed);
        let sent = self.handle.produce(&topic.handle, produced);
        if sent.is_err() {
            topic.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        sent
    }

    /// What a topic is refused with, and what to do about it.
    pub(crate) fn refusal(&self, topic: OutputTopic, code: Rd) -> String {
        let topic = self.topics.get(topic.0 as usize);
        let name = topic.map_or("", |topic| topic.handle.name());
        self.handle.who().explain(&code.into(), name)
    }

    fn refuse_at_once(&self, message: Outgoing<'_>, token: AckToken, code: Rd) {
        let refusal = Refusal {
            token,
            message: message.to_message(),
            blame: match code {
                Rd::State => (self.blame)(code),
                _ => Blame::Topic,
            },
            why: self.refusal(message.topic, code),
        };
        let held = self.at_once.lock();
        held.unwrap_or_else(PoisonError::into_inner).push(refusal);
        self.queue.wake();
    }
}

impl Sink for KafkaSink {
    fn send(&self, message: Outgoing<'_>, token: AckToken) -> Result<(), SendError> {
        let Some(topic) = self.topics.get(message.topic.0 as usize) else {
            return Err(SendError::Unacceptable(
                "an output topic that was never opened",
            ));
        };
        let mut headers = None;
        message.headers.for_each(|header| {
            headers.get_or_insert_with(Headers::new).push(header);
        });
        let produced = Produced {
            partition: None,
            key: message.key,
            value: message.value,
            headers,
            timestamp_ms: message.timestamp_ms,
            token: token.0,
        };
        match self.produce(topic, produced) {
            Ok(()) => Ok(()),
            Err(Rd::MessageSizeTooLarge) => Err(SendError::Unacceptable(
                "the message is larger than the client's `message.max.bytes`",
            )),
            // The process is about to end; until then nothing is lost.
            Err(Rd::QueueFull | Rd::Fatal) => Err(SendError::QueueFull),
            // A topic that is known not to exist is refused here rather than in a report, and so is
            // all that is sent in a transaction that can only be aborted.
            Err(code) => {
                self.refuse_at_once(message, token, code);
                Ok(())
            }
        }
    }
}
