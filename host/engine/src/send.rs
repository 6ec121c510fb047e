//! From decided records to the sink: in order, within the outbox, nothing once the stay is over.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use penstock_core::dead_letter;
use penstock_core::partition::{AfterRefusal, Refused, Seq, Told};
use penstock_core::policy::Class;
use penstock_core::record::{Offset, TopicPartition};
use penstock_core::staging::Staging;

use crate::cell::{Partition, Stall, StallKind, State};
use crate::held::{Held, Span};
use crate::ports::{AckToken, Outgoing, OutgoingHeaders, OutputTopic, OwnedMessage, SendError};
use crate::token::Token;

/// How long a partition waits when the client's own queue is full.
const QUEUE_FULL_WAIT: std::time::Duration = std::time::Duration::from_millis(2);

/// What a run has come to.
pub(crate) struct Finished<'a> {
    /// Its records that are decided, in order.
    pub complete: &'a [Seq],
    /// The offset of its first record, which may have waited for another of its handlers.
    pub resumed: Option<Offset>,
    /// The offset of the last record that was called.
    pub stopped_at: Option<Offset>,
    /// Records that have dead letters, in order.
    pub dead: &'a [Seq],
}

impl Finished<'_> {
    pub fn is_complete(&self, seq: Seq) -> bool {
        self.complete.last().is_some_and(|last| seq <= *last)
    }
}

impl Partition {
    /// Sends the outputs and dead letters of the records that are complete, or collects them while
    /// much is under way; holds back those of the one that isn't. `false`: the outbox is full, and
    /// the rest waits.
    pub(crate) fn send_finished(
        self: &Arc<Self>,
        state: &mut State,
        finished: &Finished<'_>,
        staged: &mut Held,
        told: &mut Vec<Told>,
    ) -> bool {
        if state.machine.is_closed() {
            return true;
        }
        if self.shared.transacting.is_some() {
            self.bundle(state, finished, staged);
            return true;
        }
        let now = self.shared.now();
        let held = finished
            .resumed
            .filter(|of| !finished.complete.is_empty() && state.held.contains_key(of));
        let in_order = |span: &Span| finished.is_complete(span.seq);
        // A suspects' thread has a low priority, and holds nobody else's outputs in its hands.
        let trusted = !self.suspect.load(Ordering::Relaxed);
        if trusted
            && finished.dead.is_empty()
            && held.is_none()
            && state.unsent.is_empty()
            && self.shared.outbox.is_loaded()
            && !state.wave.is_due(now)
            && staged.spans.iter().all(in_order)
        {
            self.collect(state, staged, now);
            return true;
        }
        // Before anything is sent: an output that the client refuses at once makes a dead letter too,
        // which takes its own way.
        let dead = finished.dead.iter();
        let letters: Vec<_> = dead
            .filter(|seq| finished.is_complete(**seq))
            .flat_map(|seq| self.dead_letters(state, *seq))
            .collect();
        self.send_wave(state, told);
        if let Some(held) = held.and_then(|offset| state.held.remove(&offset)) {
            for span in &held.spans {
                // Whoever was parked meanwhile has another number since.
                let seq = finished.complete[0];
                self.send_span(state, &held.staging, Span { seq, ..*span }, told);
            }
        }
        for span in &staged.spans {
            if finished.is_complete(span.seq) {
                self.send_span(state, &staged.staging, *span, told);
            } else if let Some(offset) = finished.stopped_at {
                let held = state.held.entry(offset).or_default();
                held.keep(&staged.staging, *span);
            }
        }
        for (token, message) in letters {
            self.send_owned(state, token, message, told);
        }
        state.unsent.is_empty()
    }

    /// Sends again what was refused, if that is due, then what found the outbox full before.
    /// `false`: it is full again.
    pub(crate) fn send_waiting(self: &Arc<Self>, state: &mut State, told: &mut Vec<Told>) -> bool {
        if state.machine.take_resend(self.shared.now()) {
            let kept = std::mem::take(&mut state.kept);
            state.unsent.extend(kept.into_values());
        }
        while let Some((token, message)) = state.unsent.pop_front() {
            if !self.send(state, token, message.borrow(), told) {
                state.unsent.push_front((token, message));
                return false;
            }
        }
        !state.wave.is_due(self.shared.now()) || self.send_wave(state, told)
    }

    /// Sends what was collected. `false`: the outbox is full, and the rest waits.
    pub(crate) fn send_wave(self: &Arc<Self>, state: &mut State, told: &mut Vec<Told>) -> bool {
        for run in state.wave.take() {
            for span in &run.spans {
                self.send_span(state, &run.staging, *span, told);
            }
        }
        state.unsent.is_empty()
    }

    fn send_span(
        self: &Arc<Self>,
        state: &mut State,
        staging: &Staging,
        span: Span,
        told: &mut Vec<Told>,
    ) {
        let plan = &self.plan().handlers[span.handler];
        let token = self.token(span.seq, span.handler, false);
        for index in span.start..span.end {
            let output = staging.output(index);
            let message = Outgoing {
                topic: plan.outputs[output.to as usize],
                key: output.key,
                value: output.value,
                headers: OutgoingHeaders::Staged(output),
                timestamp_ms: output.timestamp_ms.or(span.timestamp_ms),
            };
            if !state.unsent.is_empty() || !self.send(state, token, message, told) {
                state.unsent.push_back((token, message.to_message()));
            }
        }
    }

    fn send_owned(
        self: &Arc<Self>,
        state: &mut State,
        token: AckToken,
        message: OwnedMessage,
        told: &mut Vec<Told>,
    ) {
        if !state.unsent.is_empty() || !self.send(state, token, message.borrow(), told) {
            state.unsent.push_back((token, message));
        }
    }

    /// Hands one message to the sink, or keeps it behind those that wait to be sent again. `false`:
    /// there is no room now.
    fn send(
        self: &Arc<Self>,
        state: &mut State,
        token: AckToken,
        message: Outgoing<'_>,
        told: &mut Vec<Told>,
    ) -> bool {
        let shared = &self.shared;
        if state.machine.hold_back() {
            state.keep(token, message.to_message(), false);
            return true;
        }
        let bytes = message.bytes();
        if !shared.outbox.reserve(bytes) {
            self.stall(state);
            shared.outbox.wait(Arc::clone(self));
            return false;
        }
        match shared.sink.send(message, token) {
            Ok(()) => true,
            Err(SendError::QueueFull | SendError::Transaction) => {
                shared.outbox.release(u64::from(bytes));
                self.stall(state);
                shared.set_timer(self, state, shared.now() + QUEUE_FULL_WAIT);
                false
            }
            Err(SendError::Unacceptable(why)) => {
                shared.outbox.release(u64::from(bytes));
                self.refused(state, token, message.to_message(), true, why, told);
                true
            }
        }
    }

    fn stall(&self, state: &mut State) {
        state.stall.get_or_insert(Stall {
            kind: StallKind::Outbox,
            since: self.shared.now(),
        });
    }

    /// A message was not taken: keeps it, or puts the record's dead letter in its place.
    pub(crate) fn refused(
        self: &Arc<Self>,
        state: &mut State,
        token: AckToken,
        message: OwnedMessage,
        for_good: bool,
        why: &str,
        told: &mut Vec<Told>,
    ) {
        let parts = Token::unpack(token, state.machine.oldest());
        let now = self.shared.now();
        let refused = self.refusal(parts, message.topic, for_good, why);
        match state.machine.refused(refused, now, told) {
            AfterRefusal::Keep => state.keep(token, message, true),
            AfterRefusal::DeadLetter => {
                let letters = self.dead_letters(state, parts.seq);
                state
                    .unsent
                    .extend(letters.into_iter().filter(|(letter, _)| {
                        Token::unpack(*letter, parts.seq).handler == parts.handler
                    }));
            }
            AfterRefusal::Drop => {}
        }
    }

    /// A refusal, as the machine is told of it.
    pub(crate) fn refusal(
        &self,
        parts: Token,
        topic: OutputTopic,
        for_good: bool,
        why: &str,
    ) -> Refused {
        let policy = &self.plan().handlers[parts.handler].policy;
        Refused {
            seq: parts.seq,
            handler: parts.handler,
            dead_letter: parts.dead_letter,
            for_good,
            topic: self.topic_name(topic).to_owned(),
            why: why.to_owned(),
            then: policy.rules[Class::Output as usize].last(self.plan().dead_letter.is_some()),
            resend_at: self.shared.now() + self.shared.settings.resend_after,
        }
    }

    pub(crate) fn dead_letters(&self, state: &State, seq: Seq) -> Vec<(AckToken, OwnedMessage)> {
        let Some(topic) = self.plan().dead_letter else {
            return Vec::new();
        };
        let letters: Vec<_> = state.machine.dead_letters(seq).collect();
        if letters.is_empty() {
            return Vec::new();
        }
        let from = TopicPartition {
            topic: Arc::clone(self.topic()),
            partition: self.number(),
        };
        let record = state
            .record(seq)
            .expect("bytes are kept until their record is finished");
        letters
            .into_iter()
            .map(|letter| {
                let name = &self.plan().handlers[letter.handler].name;
                let message = OwnedMessage {
                    topic,
                    key: record.key.map(<[u8]>::to_vec),
                    value: record.value.map(<[u8]>::to_vec),
                    headers: dead_letter::headers(
                        &record,
                        &from,
                        name,
                        letter.failure,
                        letter.attempts,
                    ),
                    timestamp_ms: None,
                };
                (self.token(seq, letter.handler, true), message)
            })
            .collect()
    }

    pub(crate) fn token(&self, seq: Seq, handler: usize, dead_letter: bool) -> AckToken {
        Token {
            epoch: self.epoch(),
            seq,
            handler,
            dead_letter,
        }
        .pack()
    }

    pub(crate) fn topic_name(&self, topic: OutputTopic) -> &str {
        &self.plan().output_topics[topic.0 as usize]
    }
}

impl OwnedMessage {
    pub(crate) fn borrow(&self) -> Outgoing<'_> {
        Outgoing {
            topic: self.topic,
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers: OutgoingHeaders::Owned(&self.headers),
            timestamp_ms: self.timestamp_ms,
        }
    }

    /// Bytes of key and value.
    pub(crate) fn bytes(&self) -> u32 {
        self.borrow().bytes()
    }
}

impl Outgoing<'_> {
    /// Bytes of key and value: what counts in the outbox.
    pub(crate) fn bytes(&self) -> u32 {
        (self.key.map_or(0, <[u8]>::len) + self.value.map_or(0, <[u8]>::len)) as u32
    }
}
