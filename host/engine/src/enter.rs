//! What decided records send goes to the sink, as part of the open transaction: whole records, in
//! order, within the outbox.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use penstock_core::partition::{Seq, Told};

use crate::cell::{Partition, State};
use crate::ports::{AckToken, Blame, Outgoing, OutgoingHeaders, SendError};
use crate::token::Token;
use crate::transacting::Refused;
use crate::transactor::Transactor;

/// How long to wait when the client's own queue is full.
const QUEUE_FULL_WAIT: Duration = Duration::from_millis(2);

/// What has entered the open transaction.
#[derive(Default)]
pub(crate) struct Entering {
    bytes: u64,
    half_of_one: bool,
    /// Whose record has entered in part.
    partial: Option<Arc<Partition>>,
    /// Of these, refused together, some are to blame: each is sent by itself until they are found.
    suspects: BTreeSet<AckToken>,
    /// The one that is under way by itself.
    alone: Option<AckToken>,
}

/// How far the sending of a partition's bundles has come.
pub(crate) enum Sent {
    /// Nothing more can enter now; if it waits for a topic, until when.
    All(Option<Duration>),
    /// More may enter.
    More,
    /// There is no room, until then or until a message is reported.
    Stuck(Option<Duration>),
}

/// What came of one message.
enum Taken {
    Yes,
    NotNow(Option<Duration>),
    Never(&'static str),
}

impl Entering {
    /// A transaction begins.
    pub fn begin(&mut self) {
        self.bytes = 0;
        self.half_of_one = false;
    }

    /// All of it is reported, and none refused.
    pub fn end(&mut self) {
        self.passed();
    }

    /// Bytes of keys and values in it.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it holds half of what one of its partitions may keep, which waits for that.
    pub fn has_half_of_one(&self) -> bool {
        self.half_of_one
    }

    /// Whose record has entered in part.
    pub fn partition(&self) -> Option<Arc<Partition>> {
        self.partial.clone()
    }

    /// The one that was sent by itself was taken.
    fn passed(&mut self) {
        if let Some(token) = self.alone.take() {
            self.suspects.remove(&token);
        }
    }

    /// Whether a message has to wait, so that it, or a suspect before it, is answered by itself.
    fn waits(&mut self, token: AckToken, all_is_reported: bool) -> bool {
        let is_suspect = self.suspects.contains(&token);
        if !is_suspect && self.alone.is_none() {
            return false;
        }
        // Each of its messages too, which are of one delivery.
        if !all_is_reported {
            return true;
        }
        if self.alone != Some(token) {
            self.passed();
            self.alone = is_suspect.then_some(token);
        }
        false
    }

    /// The transaction is aborted: the messages that are to blame, and whether for good; and whether
    /// there are new suspects.
    pub fn judge(
        &mut self,
        refused: Vec<Refused>,
        lives: impl Fn(AckToken) -> bool,
    ) -> (Vec<(Refused, bool)>, bool) {
        let alone = self.alone.take();
        self.partial = None;
        let of_messages = refused.iter().filter(|of| of.blame == Blame::Message);
        let together = of_messages.count();
        let mut blamed = Vec::new();
        let mut suspects = false;
        for of in refused {
            let is_sure = of.alone || together == 1 || alone == Some(of.token);
            match of.blame {
                Blame::Transaction => {}
                Blame::Topic => blamed.push((of, false)),
                Blame::Message if is_sure => {
                    self.suspects.remove(&of.token);
                    blamed.push((of, true));
                }
                Blame::Message => {
                    suspects |= self.suspects.insert(of.token);
                }
            }
        }
        self.suspects.retain(|token| lives(*token));
        (blamed, suspects)
    }
}

impl Transactor {
    /// Sends what may enter of a partition: the rest of the record that has entered in part, and `most`
    /// others.
    pub(crate) fn send_bundles(&mut self, partition: &Arc<Partition>, most: usize) -> Sent {
        let now = self.shared.now();
        let mut told = Vec::new();
        let mut state = partition.lock();
        let mut sent = Sent::More;
        let mut left = most;
        let before = self.entering.bytes;
        self.entering.partial = None;
        loop {
            let (seq, from) = match state.bundles.sending.take() {
                Some(at) => at,
                None if left == 0 => break,
                None => {
                    left -= 1;
                    let Some(seq) = state.machine.next_to_enter(now) else {
                        sent = Sent::All(state.machine.enters_at(now));
                        break;
                    };
                    state.machine.enter(seq);
                    (seq, 0)
                }
            };
            if let Err((sent_of_it, until)) =
                self.send_bundle(partition, &mut state, (seq, from), &mut told)
            {
                state.bundles.sending = Some((seq, sent_of_it));
                self.entering.partial = Some(Arc::clone(partition));
                sent = Sent::Stuck(until);
                break;
            }
            if self.shared.transacting().doomed.load(Ordering::SeqCst) {
                break;
            }
        }
        state.bundles.entered += self.entering.bytes - before;
        self.entering.half_of_one |= self.shared.is_half_entered(&state);
        drop(state);
        self.shared.tell(partition, &mut told);
        sent
    }

    /// Sends the messages of a record from the one number `from` on. What is sent by then, and until
    /// when to wait, if there is no room for the next.
    fn send_bundle(
        &mut self,
        partition: &Arc<Partition>,
        state: &mut State,
        (seq, from): (Seq, usize),
        told: &mut Vec<Told>,
    ) -> Result<(), (usize, Option<Duration>)> {
        let mut number = 0;
        if let Some(outputs) = state.bundles.outputs(seq) {
            for span in outputs.spans() {
                if !state.machine.sends(seq, span.handler) {
                    continue;
                }
                let plan = &partition.plan().handlers[span.handler];
                let token = partition.token(seq, span.handler, false);
                for index in span.start..span.end {
                    if number < from {
                        number += 1;
                        continue;
                    }
                    let output = outputs.staging().output(index);
                    let message = Outgoing {
                        topic: plan.outputs[output.to as usize],
                        key: output.key,
                        value: output.value,
                        headers: OutgoingHeaders::Staged(output),
                        timestamp_ms: output.timestamp_ms.or(span.timestamp_ms),
                    };
                    match self.send_one(message, token) {
                        Taken::Yes => number += 1,
                        Taken::NotNow(until) => return Err((number, until)),
                        Taken::Never(why) => {
                            let refused = refused(message, token, why);
                            let is_first = index == span.start;
                            if !self.never(partition, state, refused, is_first, told) {
                                return Ok(());
                            }
                            // Its dead letter comes behind the outputs of the others.
                            break;
                        }
                    }
                }
            }
        }
        for (token, letter) in partition.dead_letters(state, seq) {
            if number < from {
                number += 1;
                continue;
            }
            let message = letter.borrow();
            match self.send_one(message, token) {
                Taken::Yes => number += 1,
                Taken::NotNow(until) => return Err((number, until)),
                Taken::Never(why) => {
                    let refused = refused(message, token, why);
                    self.never(partition, state, refused, false, told);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// A message is one that nobody takes. If nothing of its delivery is sent, that is blamed now;
    /// otherwise the transaction has to be aborted. Whether the record may go on.
    fn never(
        &mut self,
        partition: &Arc<Partition>,
        state: &mut State,
        refused: Refused,
        is_first: bool,
        told: &mut Vec<Told>,
    ) -> bool {
        if is_first {
            let seq = Token::unpack(refused.token, state.machine.oldest()).seq;
            partition.blame(state, &refused, true, told);
            if state.machine.is_whole(seq) {
                return true;
            }
        }
        self.shared.transacting().note(refused);
        false
    }

    fn send_one(&mut self, message: Outgoing<'_>, token: AckToken) -> Taken {
        let shared = &self.shared;
        let desk = shared.transacting();
        let is_simple = self.entering.suspects.is_empty() && self.entering.alone.is_none();
        if !is_simple && self.entering.waits(token, desk.all_is_reported()) {
            return Taken::NotNow(None);
        }
        let bytes = message.bytes();
        if !shared.outbox.reserve(bytes) {
            return Taken::NotNow(None);
        }
        desk.sends();
        let error = match shared.sink.send(message, token) {
            Ok(()) => {
                desk.awaits.store(false, Ordering::SeqCst);
                self.entering.bytes += u64::from(bytes);
                return Taken::Yes;
            }
            Err(error) => error,
        };
        desk.did_not_send();
        shared.outbox.release(u64::from(bytes));
        match error {
            SendError::QueueFull => Taken::NotNow(Some(shared.now() + QUEUE_FULL_WAIT)),
            SendError::Unacceptable(why) => Taken::Never(why),
            SendError::Transaction => {
                desk.doomed.store(true, Ordering::SeqCst);
                Taken::NotNow(None)
            }
        }
    }
}

fn refused(message: Outgoing<'_>, token: AckToken, why: &str) -> Refused {
    Refused {
        token,
        topic: message.topic,
        blame: Blame::Message,
        why: why.to_owned(),
        alone: true,
    }
}

impl Partition {
    /// A message is to blame for an abort, or was not even taken. Whether that is news.
    pub(crate) fn blame(
        &self,
        state: &mut State,
        refused: &Refused,
        for_good: bool,
        told: &mut Vec<Told>,
    ) -> bool {
        let parts = Token::unpack(refused.token, state.machine.oldest());
        let refusal = self.refusal(parts, refused.topic, for_good, &refused.why);
        state.machine.blamed(refusal, self.shared.now(), told)
    }
}
