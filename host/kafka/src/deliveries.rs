//! The delivery thread: brings acknowledgements and refusals back to the engine, in batches.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use penstock_core::codes::Code;
use penstock_core::record::OwnedHeader;
use penstock_engine::ports::{
    Ack, AckToken, Blame, DeliveryReports, OutputTopic, OwnedMessage, Placed, Refusal,
};
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::bootstrap::Bootstrap;
use crate::fatal;
use crate::latch::{self, Latch};
use crate::native::{Event, EventKind, Message, Queue};
use crate::sink::KafkaSink;
use crate::stalls::Stalls;
use crate::throttle::Throttled;

/// How long the delivery thread sleeps when nothing happens.
const IDLE: Duration = Duration::from_millis(100);
/// The same while single messages, which have a queue of their own, are under way.
const IDLE_SINGLES: Duration = Duration::from_millis(1);
/// How often it is said that batches are refused.
const WARN_EVERY: Duration = Duration::from_secs(60);
/// Acknowledgements reported at once, at most.
const ACKS_MAX: usize = 8192;

/// What the delivery thread owns.
pub struct Deliveries {
    sink: Arc<KafkaSink>,
    reports: Arc<dyn DeliveryReports>,
    latch: Arc<dyn Latch>,
    failed: Option<Box<dyn FnOnce(String) + Send>>,
    acks: Vec<Ack>,
    /// Messages that are under way singly.
    single: u64,
    /// When a refused batch was last told of.
    warned: Option<Instant>,
    stalls: Stalls,
    bootstrap: Bootstrap,
    throttled: Throttled,
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
            single: 0,
            warned: None,
            bootstrap: Bootstrap::default(),
            throttled: Throttled::default(),
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
            let wait = if self.single > 0 { IDLE_SINGLES } else { IDLE };
            self.serve(&sink.queue, wait, false);
            if let Some(singles) = sink.singles.get() {
                self.serve(&singles.queue, Duration::ZERO, true);
            }
            if !self.acks.is_empty() {
                self.reports.acknowledged(&self.acks);
                self.acks.clear();
                latch::reachable(&*self.latch);
            }
            self.report_refused_at_once();
            self.stalls.look(&sink.topics, &*self.latch);
            self.bootstrap.look(self.stalls.any(), &sink.handle);
            let throttle = sink.handle.throttle();
            self.throttled
                .look(throttle, &*self.latch, "producer", "outputs are written");
        }
    }

    /// Takes what lies in a queue; waits at most `wait` for the first.
    fn serve(&mut self, queue: &Queue, mut wait: Duration, single: bool) {
        while self.acks.len() < ACKS_MAX {
            let Some(mut event) = queue.poll(wait) else {
                break;
            };
            wait = Duration::ZERO;
            match event.kind() {
                EventKind::Delivery => self.take(&mut event, single),
                EventKind::Error => self.client_error(&event),
                _ => {}
            }
        }
    }

    fn take(&mut self, event: &mut Event<'_>, single: bool) {
        // A batch is of one topic, fails as one, and is reported as one.
        let together = event.message_count();
        let mut batch_topic = None;
        let places = self.reports.wants_places();
        while let Some(message) = event.next_message() {
            let topic = *batch_topic.get_or_insert_with(|| self.topic_of(&message));
            let holds = message
                .error()
                .is_some_and(|code| self.sink.frozen.holds(code));
            match (message.error(), topic) {
                (None, topic) => {
                    if let (true, Some(topic)) = (places, topic) {
                        self.reports.placed(&placed(topic, &message));
                    }
                    self.acks.push(ack(&message));
                }
                (Some(_), None) => {
                    let topic = message.topic();
                    tracing::error!(topic, "a report for a topic never written to");
                }
                (Some(code), Some(topic)) if holds && together > 1 && !single => {
                    self.warn_of_batch(&message, code, together);
                    if self.send_singly(topic, &message) {
                        continue;
                    }
                    self.refuse(topic, &message, Blame::Topic, code);
                }
                (Some(code), Some(topic)) => {
                    self.refuse(topic, &message, (self.sink.blame)(code), code);
                }
            }
            if single || holds {
                let (topic, partition) = (message.topic(), message.partition());
                let sink = &self.sink;
                sink.frozen.settled(&sink.handle, topic, partition);
            }
        }
        if single {
            self.single -= together as u64;
        }
        if let Some(Some(OutputTopic(index))) = batch_topic {
            let index = index as usize;
            let waiting = &self.sink.topics[index].waiting;
            waiting.fetch_sub(together as u64, Ordering::Relaxed);
            self.stalls.progress(index);
        }
    }

    fn refuse(&self, topic: OutputTopic, message: &Message<'_>, blame: Blame, code: Rd) {
        self.reports.refused(Refusal {
            token: AckToken(message.token()),
            message: owned(topic, message),
            blame,
            why: self.sink.refusal(topic, code),
        });
    }

    /// Sends a message of a batch that was refused once more, alone; it is settled when that is
    /// reported. `false`: it isn't sent, since its stay is over or the client can't go on.
    fn send_singly(&mut self, number: OutputTopic, message: &Message<'_>) -> bool {
        let sink = &self.sink;
        let singles = match sink.singles() {
            Ok(singles) => singles,
            Err(error) => {
                tracing::error!("no producer for single messages: {error}");
                return false;
            }
        };
        let topic = &sink.topics[number.0 as usize];
        let mut sent = false;
        let token = AckToken(message.token());
        self.reports.while_live(token, &mut || {
            sent = singles.send(number, topic, message).is_ok();
        });
        self.single += u64::from(sent);
        sent
    }

    /// Now and then: a topic that takes less than a batch refuses nearly all.
    fn warn_of_batch(&mut self, message: &Message<'_>, code: Rd, together: usize) {
        if self.warned.is_some_and(|at| at.elapsed() < WARN_EVERY) {
            return;
        }
        self.warned = Some(Instant::now());
        let topic = message.topic();
        tracing::warn!(
            topic,
            "a batch of {together} messages was refused ({code}), so they are sent one by one, \
             and those behind them wait; if it was too large, set `batch.size` in \
             [kafka.producer] to at most the topic's `max.message.bytes`"
        );
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

    fn client_error(&mut self, event: &Event<'_>) {
        let Some(error) = event.error() else { return };
        if error.fatal {
            let (code, text) = fatal::of_producer(&self.sink.handle, error);
            latch::raise(&*self.latch, code, "producer", &text);
            if let Some(failed) = self.failed.take() {
                failed(text);
            }
        } else if error.code == Rd::AllBrokersDown
            || latch::condition(error.code) == Some(Code::KafkaRefused)
        {
            let who = self.sink.handle.who();
            latch::raise_error(&*self.latch, who, latch::CLUSTER, &error, "producing");
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

fn placed(topic: OutputTopic, message: &Message<'_>) -> Placed {
    Placed {
        token: AckToken(message.token()),
        topic,
        partition: message.partition(),
        offset: message.offset(),
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
