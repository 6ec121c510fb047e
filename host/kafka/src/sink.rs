//! Outputs and dead letters to Kafka: the engine hands messages over, a delivery thread brings
//! acknowledgements and refusals back, in batches.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use penstock_core::codes::Code;
use penstock_core::config::Kafka;
use penstock_core::record::OwnedHeader;
use penstock_engine::ports::{
    Ack, AckToken, Blame, DeliveryReports, Outgoing, OutputTopic, OwnedMessage, Refusal, SendError,
    Sink,
};
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::blame::blame;
use crate::latch::{self, Latch};
use crate::native::{
    Error, Event, EventKind, Handle, Headers, Message, Produced, Queue, Role, TopicHandle,
};
use crate::stalls::{Stalls, Topic};

/// How long the delivery thread sleeps when nothing happens.
const IDLE: Duration = Duration::from_millis(100);
/// Acknowledgements reported at once, at most.
const ACKS_MAX: usize = 8192;

/// A producer of the host's.
pub struct KafkaSink {
    handle: Arc<Handle>,
    topics: Vec<Topic>,
    queue: Queue,
    /// Refused by the client at once, and not reported yet.
    at_once: Mutex<Vec<Refusal>>,
    stopping: AtomicBool,
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
        let config = crate::client::producer_config(kafka, client_id);
        let handle = Handle::create(&config, Role::Producer)?;
        let topics = topics
            .iter()
            .map(|name| TopicHandle::new(&handle, name).map(Topic::new))
            .collect::<Result<_, _>>()?;
        Ok(Arc::new(KafkaSink {
            queue: Queue::of_producer(&handle),
            topics,
            handle,
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
        let mut failed = Some(failed);
        let thread = std::thread::Builder::new()
            .name("kafka-delivery".into())
            .spawn(move || sink.deliver(&*reports, &*latch, &mut failed))
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
        let given_up = self
            .handle
            .flush(deadline.saturating_duration_since(Instant::now()));
        if given_up > 0 {
            tracing::warn!(
                messages = given_up,
                "outputs were given up before their acknowledgement"
            );
            self.handle.purge();
            self.handle.flush(IDLE);
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

    fn deliver(
        &self,
        reports: &dyn DeliveryReports,
        latch: &dyn Latch,
        failed: &mut Option<Box<dyn FnOnce(String) + Send>>,
    ) {
        let mut acks = Vec::with_capacity(ACKS_MAX);
        let mut stalls = Stalls::new(self.topics.len());
        while !self.stopping.load(Ordering::Acquire) {
            let mut wait = IDLE;
            while acks.len() < ACKS_MAX {
                let Some(mut event) = self.queue.poll(wait) else {
                    break;
                };
                wait = Duration::ZERO;
                match event.kind() {
                    EventKind::Delivery => {
                        self.take(&mut event, &mut acks, &mut stalls, reports);
                    }
                    EventKind::Error => client_error(&event, latch, failed),
                    _ => {}
                }
            }
            if !acks.is_empty() {
                reports.acknowledged(&acks);
                acks.clear();
                latch::reachable(latch);
            }
            stalls.look(&self.topics, latch);
            let at_once = {
                let mut held = self.at_once.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *held)
            };
            for refusal in at_once {
                reports.refused(refusal);
            }
        }
    }

    fn take(
        &self,
        event: &mut Event<'_>,
        acks: &mut Vec<Ack>,
        stalls: &mut Stalls,
        reports: &dyn DeliveryReports,
    ) {
        // A batch is of one topic, fails as one, and is reported as one.
        let together = event.message_count();
        let mut batch_topic = None;
        while let Some(message) = event.next_message() {
            let topic = *batch_topic.get_or_insert_with(|| self.topic_of(&message));
            let Some(code) = message.error() else {
                acks.push(ack(&message));
                continue;
            };
            let Some(topic) = topic else {
                tracing::error!(
                    topic = message.topic(),
                    "a report for a topic never written to"
                );
                continue;
            };
            reports.refused(Refusal {
                token: AckToken(message.token()),
                message: owned(topic, &message),
                blame: blame(code, together),
                why: why(code, together),
            });
        }
        if let Some(Some(OutputTopic(index))) = batch_topic {
            let index = index as usize;
            self.topics[index]
                .waiting
                .fetch_sub(together as u64, Ordering::Relaxed);
            stalls.progress(index);
        }
    }

    fn topic_of(&self, message: &Message<'_>) -> Option<OutputTopic> {
        let name = message.topic();
        let index = self
            .topics
            .iter()
            .position(|topic| topic.handle.name() == name)?;
        u32::try_from(index).ok().map(OutputTopic)
    }

    fn refuse_at_once(&self, message: Outgoing<'_>, token: AckToken, code: Rd) {
        let mut headers = Vec::new();
        message.headers.for_each(|header| {
            headers.push(OwnedHeader {
                name: header.name.to_vec(),
                value: header.value.map(<[u8]>::to_vec),
            });
        });
        let refusal = Refusal {
            token,
            message: OwnedMessage {
                topic: message.topic,
                key: message.key.map(<[u8]>::to_vec),
                value: message.value.map(<[u8]>::to_vec),
                headers,
                timestamp_ms: message.timestamp_ms,
            },
            blame: Blame::Topic,
            why: why(code, 1),
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
        // Counted first: the report may be there before `produce` returns.
        topic.waiting.fetch_add(1, Ordering::Relaxed);
        let sent = self.handle.produce(&topic.handle, produced);
        if sent.is_err() {
            topic.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        match sent {
            Ok(()) => Ok(()),
            Err(Rd::MessageSizeTooLarge) => Err(SendError::Unacceptable(
                "the message is larger than the client's `message.max.bytes`",
            )),
            // The process is about to end; until then nothing is lost.
            Err(Rd::QueueFull | Rd::Fatal) => Err(SendError::QueueFull),
            // A topic that is known not to exist is refused here rather than in a report.
            Err(code) => {
                self.refuse_at_once(message, token, code);
                Ok(())
            }
        }
    }
}

fn client_error(
    event: &Event<'_>,
    latch: &dyn Latch,
    failed: &mut Option<Box<dyn FnOnce(String) + Send>>,
) {
    let Some(error) = event.error() else { return };
    if error.fatal {
        let text = format!("the Kafka producer can't go on: {error}");
        latch::raise(latch, Code::ClientFatal, "producer", &text);
        if let Some(failed) = failed.take() {
            failed(text);
        }
    } else if error.code == Rd::AllBrokersDown
        || latch::condition(error.code) == Some(Code::KafkaRefused)
    {
        latch::raise_error(latch, latch::CLUSTER, &error, "producing");
    } else {
        // librdkafka deals with it, and logs it itself.
        tracing::debug!(code = ?error.code, "Kafka client: {error}");
    }
}

fn ack(message: &Message<'_>) -> Ack {
    let bytes = message.key().map_or(0, <[u8]>::len) + message.value().map_or(0, <[u8]>::len);
    Ack {
        token: AckToken(message.token()),
        bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
    }
}

fn owned(topic: OutputTopic, message: &Message<'_>) -> OwnedMessage {
    let headers = message.headers().map(|header| OwnedHeader {
        name: header.name.to_vec(),
        value: header.value.map(<[u8]>::to_vec),
    });
    OwnedMessage {
        topic,
        key: message.key().map(<[u8]>::to_vec),
        value: message.value().map(<[u8]>::to_vec),
        headers: headers.collect(),
        // The client filled the time of the first sending in where none was given.
        timestamp_ms: message.timestamp().millis(),
    }
}

fn why(code: Rd, together: usize) -> String {
    if together > 1 && matches!(code, Rd::MessageSizeTooLarge | Rd::MessageBatchTooLarge) {
        return format!(
            "a batch of {together} messages is larger than the topic takes; set `batch.size` in \
             [kafka.producer] to at most the topic's `max.message.bytes`"
        );
    }
    code.to_string()
}
