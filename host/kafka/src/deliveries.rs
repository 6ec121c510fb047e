//! The delivery thread: brings acknowledgements and refusals back to the engine, in batches.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use penstock_core::codes::Code;
use penstock_core::record::{Header, OwnedHeader};
use penstock_engine::ports::{
    Ack, AckToken, Blame, DeliveryReports, OutputTopic, OwnedMessage, Refusal,
};
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::blame::{blame, is_of_the_batch};
use crate::latch::{self, Latch};
use crate::native::{Event, EventKind, Headers, Message, Produced};
use crate::singles::Singles;
use crate::sink::KafkaSink;
use crate::stalls::Stalls;

/// How long the delivery thread sleeps when nothing happens.
const IDLE: Duration = Duration::from_millis(100);
/// Acknowledgements reported at once, at most.
const ACKS_MAX: usize = 8192;

/// What the delivery thread owns.
pub struct Deliveries {
    sink: Arc<KafkaSink>,
    reports: Arc<dyn DeliveryReports>,
    latch: Arc<dyn Latch>,
    failed: Option<Box<dyn FnOnce(String) + Send>>,
    acks: Vec<Ack>,
    singles: Singles,
    stalls: Stalls,
}

impl Deliveries {
    /// For one sink. `failed` is called once if the producer can't go on.
    pub fn new(
        sink: Arc<KafkaSink>,
        reports: Arc<dyn DeliveryReports>,
        latch: Arc<dyn Latch>,
        failed: Box<dyn FnOnce(String) + Send>,
    ) -> Deliveries {
        Deliveries {
            stalls: Stalls::new(sink.topics.len()),
            acks: Vec::with_capacity(ACKS_MAX),
            singles: Singles::default(),
            failed: Some(failed),
            latch,
            reports,
            sink,
        }
    }

    /// Runs until the sink is closed.
    pub fn run(mut self) {
        let sink = Arc::clone(&self.sink);
        while !sink.stopping.load(Ordering::Acquire) {
            let mut wait = IDLE;
            while self.acks.len() < ACKS_MAX {
                let Some(mut event) = sink.queue.poll(wait) else {
                    break;
                };
                wait = Duration::ZERO;
                match event.kind() {
                    EventKind::Delivery => self.take(&mut event),
                    EventKind::Error => self.client_error(&event),
                    _ => {}
                }
            }
            if !self.acks.is_empty() {
                self.reports.acknowledged(&self.acks);
                self.acks.clear();
                latch::reachable(&*self.latch);
            }
            self.report_refused_at_once();
            self.send_single();
            self.stalls.look(&sink.topics, &*self.latch);
        }
        for (token, message) in self.singles.drain() {
            self.reports.refused(Refusal {
                token,
                message,
                blame: Blame::Topic,
                why: "given up at the shutdown".into(),
            });
        }
    }

    fn take(&mut self, event: &mut Event<'_>) {
        // A batch is of one topic, fails as one, and is reported as one.
        let together = event.message_count();
        let mut batch_topic = None;
        while let Some(message) = event.next_message() {
            let token = AckToken(message.token());
            self.singles.reported(token);
            let topic = *batch_topic.get_or_insert_with(|| self.topic_of(&message));
            let Some(code) = message.error() else {
                self.acks.push(ack(&message));
                continue;
            };
            let Some(topic) = topic else {
                let topic = message.topic();
                tracing::error!(topic, "a report for a topic never written to");
                continue;
            };
            let owned = owned(topic, &message);
            if is_of_the_batch(code, together) {
                if self.singles.is_idle() {
                    tracing::warn!(
                        topic = message.topic(),
                        "a batch of {together} messages was refused ({code}), so they are sent \
                         one by one; if it was too large, set `batch.size` in [kafka.producer] to \
                         at most the topic's `max.message.bytes`"
                    );
                }
                self.singles.push(token, owned);
                continue;
            }
            self.reports.refused(Refusal {
                token,
                message: owned,
                blame: blame(code),
                why: code.to_string(),
            });
        }
        if let Some(Some(OutputTopic(index))) = batch_topic {
            let index = index as usize;
            let waiting = &self.sink.topics[index].waiting;
            waiting.fetch_sub(together as u64, Ordering::Relaxed);
            self.stalls.progress(index);
        }
    }

    fn topic_of(&self, message: &Message<'_>) -> Option<OutputTopic> {
        let name = message.topic();
        let mut topics = self.sink.topics.iter();
        let index = topics.position(|topic| topic.handle.name() == name)?;
        u32::try_from(index).ok().map(OutputTopic)
    }

    fn report_refused_at_once(&self) {
        let at_once = {
            let held = self.sink.at_once.lock();
            std::mem::take(&mut *held.unwrap_or_else(PoisonError::into_inner))
        };
        for refusal in at_once {
            self.reports.refused(refusal);
        }
    }

    fn send_single(&mut self) {
        let Some((token, message)) = self.singles.next() else {
            return;
        };
        let mut headers = None;
        for header in &message.headers {
            headers.get_or_insert_with(Headers::new).push(Header {
                name: &header.name,
                value: header.value.as_deref(),
            });
        }
        let mut produced = Some(Produced {
            partition: None,
            key: message.key.as_deref(),
            value: message.value.as_deref(),
            headers,
            timestamp_ms: message.timestamp_ms,
            token: token.0,
        });
        let topic = &self.sink.topics[message.topic.0 as usize];
        // A stay that is over starts no produce; the refusal then only leaves the outbox.
        let mut sent = Err(Rd::PurgeQueue);
        self.reports.while_live(token, &mut || {
            if let Some(produced) = produced.take() {
                sent = self.sink.produce(topic, produced);
            }
        });
        match sent {
            Ok(()) => {}
            Err(Rd::QueueFull | Rd::Fatal) => self.singles.put_back(token, message),
            Err(code) => {
                self.singles.reported(token);
                self.reports.refused(Refusal {
                    token,
                    message,
                    blame: blame(code),
                    why: code.to_string(),
                });
            }
        }
    }

    fn client_error(&mut self, event: &Event<'_>) {
        let Some(error) = event.error() else { return };
        if error.fatal {
            let text = format!("the Kafka producer can't go on: {error}");
            latch::raise(&*self.latch, Code::ClientFatal, "producer", &text);
            if let Some(failed) = self.failed.take() {
                failed(text);
            }
        } else if error.code == Rd::AllBrokersDown
            || latch::condition(error.code) == Some(Code::KafkaRefused)
        {
            latch::raise_error(&*self.latch, latch::CLUSTER, &error, "producing");
        } else {
            // librdkafka deals with it, and logs it itself.
            tracing::debug!(code = ?error.code, "Kafka client: {error}");
        }
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
