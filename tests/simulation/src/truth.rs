//! What really happened, seen from outside the host, and what must never happen.

mod order;
mod stay;
mod transacted;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use penstock_core::decide::{Decision, decide};
use penstock_core::policy::{Attempt, Policy};

use crate::script::{Answer, Delivery};
pub use order::Among;
pub use stay::{Fare, Message, Stay};

/// Outputs that are in order: of a stay or an input partition, among some of its records, in an output
/// partition.
type Sequence = (usize, Among, usize, u64);

/// A rule that was broken, in words.
pub type Broken = String;

/// A call of a handler.
#[derive(Debug)]
pub struct Call {
    /// In which stay.
    pub stay: usize,
    /// Of which record and handler.
    pub of: Delivery,
    /// What it came to.
    pub answer: Answer,
    /// What core makes of that.
    pub decision: Decision,
    /// Whether it is over.
    pub returned: bool,
    /// When it was.
    pub over_at: Duration,
    /// Outputs by index.
    pub outputs: Vec<Fare>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Truth {
    /// Whether what is written is seen by its transaction's commit only.
    pub exactly_once: bool,
    /// Stays, in the order they began.
    pub stays: Vec<Stay>,
    /// Calls, in the order they began.
    pub calls: Vec<Call>,
    /// Deliveries that are done for good: all outputs, or the dead letter, lie in a log, or the
    /// handler skipped the record.
    durable: BTreeSet<Delivery>,
    /// Ranges of offsets that a reset stepped over, by partition.
    stepped_over: Vec<(usize, i64, i64)>,
    /// What is seen: a delivery's outputs by index, or its dead letter.
    seen: BTreeSet<(Delivery, Option<usize>)>,
    /// The latest output, among those that stay in order, in an output partition: of a stay; exactly
    /// once, of an input partition.
    order: BTreeMap<Sequence, (i64, usize, usize)>,
}

impl Truth {
    /// Before anything has happened.
    pub fn new(exactly_once: bool) -> Truth {
        Truth {
            exactly_once,
            ..Truth::default()
        }
    }

    /// A handler is called.
    pub fn called(
        &mut self,
        stay: usize,
        of: Delivery,
        attempt: u32,
        answer: Answer,
        policy: (&Policy, bool),
    ) -> Result<usize, Broken> {
        self.may_be_called(stay, of, attempt)?;
        let (policy, dead_letter) = policy;
        // Without jitter, and with time enough, the number is all that counts.
        let number = Attempt {
            number: attempt,
            ..Attempt::FIRST
        };
        let outputs = match answer {
            Answer::Done(outputs) => outputs,
            _ => 0,
        };
        let result = match answer {
            Answer::UnknownOutput => Err(penstock_core::verdict::Failure::UnknownOutput {
                index: UNKNOWN_OUTPUT,
            }),
            answer => answer.result(),
        };
        self.calls.push(Call {
            stay,
            of,
            answer,
            decision: decide(result, outputs, number, policy, dead_letter),
            returned: false,
            over_at: Duration::ZERO,
            outputs: vec![Fare::Home; outputs as usize],
        });
        let call = self.calls.len() - 1;
        let stay = &mut self.stays[stay];
        stay.calling += 1;
        stay.deliveries(of.offset)[of.handler].calls.push(call);
        Ok(call)
    }

    /// A call is over.
    pub fn returned(&mut self, call: usize, now: Duration) {
        self.calls[call].returned = true;
        self.calls[call].over_at = now;
        let call = &self.calls[call];
        self.stays[call.stay].calling -= 1;
        if matches!(
            call.decision,
            Decision::Skip(_) | Decision::Emit { outputs: 0 }
        ) {
            self.durable.insert(call.of);
        }
    }

    /// A message is handed to a client.
    pub fn sent(&mut self, message: &Message) -> Result<(), Broken> {
        let (stay, offset) = (self.stay_of(message), self.offset_of(message));
        let stay = &self.stays[stay];
        if stay.closed {
            return Err(format!("{message:?} is sent after its stay was over"));
        }
        let Some(deliveries) = stay.records.get(&offset) else {
            return Err(format!("{message:?} is of a record that was never fetched"));
        };
        if !self.is_decided(deliveries) {
            return Err(format!(
                "{message:?} is sent before all handlers of its record are decided"
            ));
        }
        if let Message::Letter { handler, .. } = message
            && !self.wants_letter(&deliveries[*handler])
        {
            return Err(format!(
                "{message:?} is sent of a delivery that did not fail"
            ));
        }
        let may_be_found = self.exactly_once;
        let fare = self.fare(message)?;
        // Of many that are refused together, each is tried again.
        if *fare != Fare::Home && !(may_be_found && *fare == Fare::Refused) {
            return Err(format!("{message:?} is sent again though it is {fare:?}"));
        }
        *fare = Fare::Sent;
        Ok(())
    }

    fn wants_letter(&self, delivery: &stay::Delivered) -> bool {
        delivery.calls.last().is_some_and(|call| {
            let call = &self.calls[*call];
            matches!(call.decision, Decision::DeadLetter(_))
                || call.outputs.contains(&Fare::Refused)
        })
    }

    /// A message was not taken, or came back.
    pub fn came_back(&mut self, message: &Message, for_good: bool) -> Result<(), Broken> {
        self.note_refusal(message);
        *self.fare(message)? = match (for_good, message) {
            (true, Message::Output { .. }) => Fare::Refused,
            _ => Fare::Home,
        };
        Ok(())
    }

    /// The client's queue was full.
    pub fn not_taken(&mut self, message: &Message) -> Result<(), Broken> {
        *self.fare(message)? = Fare::Home;
        Ok(())
    }

    fn note_refusal(&mut self, message: &Message) {
        let stay = self.stay_of(message);
        self.stays[stay].refusals += 1;
    }

    /// A message is in the log of an output partition.
    pub fn landed(&mut self, message: &Message, at: (usize, u64)) -> Result<(), Broken> {
        *self.fare(message)? = Fare::Landed;
        match self.exactly_once {
            true => Ok(()),
            false => self.arrived(message, at),
        }
    }

    /// It is there for good.
    fn arrived(&mut self, message: &Message, at: (usize, u64)) -> Result<(), Broken> {
        let (stay, offset) = (self.stay_of(message), self.offset_of(message));
        if let Message::Output { call, index } = message {
            let whose = match self.exactly_once {
                true => self.stays[stay].place,
                false => stay,
            };
            let among = self.stays[stay].among(offset);
            let order = self.order.entry((whose, among, at.0, at.1));
            let last = order.or_insert((offset, *call, *index));
            let (last_offset, last_call, last_index) = *last;
            if offset < last_offset || (*call == last_call && *index < last_index) {
                return Err(format!(
                    "output {index} of offset {offset} landed after output {last_index} of {last_offset}"
                ));
            }
            *last = (offset, *call, *index);
        }
        let of = self.delivery_of(message);
        let delivery = &self.stays[stay].records[&offset][of.handler];
        if self.is_settled(delivery, Fare::is_durable) {
            self.durable.insert(of);
        }
        Ok(())
    }

    /// Its host hears of it.
    pub fn acknowledged(&mut self, message: &Message) -> Result<(), Broken> {
        let exactly_once = self.exactly_once;
        let fare = self.fare(message)?;
        // By now its transaction may be aborted.
        if !exactly_once || *fare == Fare::Landed {
            *fare = Fare::Acknowledged;
        }
        Ok(())
    }

    /// Whether nothing of a delivery is missing in the end.
    pub fn is_done(&self, of: Delivery) -> bool {
        let skips = self.stepped_over.iter();
        self.durable.contains(&of)
            || skips
                .clone()
                .any(|(place, from, to)| *place == of.place && (*from..*to).contains(&of.offset))
    }

    fn is_settled(&self, delivery: &stay::Delivered, is: fn(Fare) -> bool) -> bool {
        let Some(call) = delivery.calls.last().map(|call| &self.calls[*call]) else {
            return false;
        };
        if !call.returned {
            return false;
        }
        match &call.decision {
            Decision::Skip(_) => true,
            Decision::DeadLetter(_) => is(delivery.letter),
            Decision::Emit { .. } if call.outputs.contains(&Fare::Refused) => is(delivery.letter),
            Decision::Emit { .. } => call.outputs.iter().all(|fare| is(*fare)),
            Decision::Again { .. } | Decision::Halt(_) => false,
        }
    }

    fn is_finished(&self, deliveries: &[stay::Delivered]) -> bool {
        let mut deliveries = deliveries.iter();
        let is: fn(Fare) -> bool = match self.exactly_once {
            true => |fare| fare == Fare::Seen,
            false => |fare| fare == Fare::Acknowledged,
        };
        deliveries.all(|of| self.is_settled(of, is))
    }

    /// A stay says that it has finished all before `next`, or commits it.
    pub fn finished_until(&mut self, stay: usize, next: i64) -> Result<(), Broken> {
        let it = &self.stays[stay];
        if next < it.start {
            return Err(format!("a commit at {next}, before its stay began"));
        }
        if next > it.fetched_until {
            return Err(format!("a commit at {next}, beyond what was fetched"));
        }
        for (offset, deliveries) in it.records.range(it.finished_until.min(next)..next) {
            if !it.was_done(*offset) && !self.is_finished(deliveries) {
                return Err(format!(
                    "{next} is to be committed though {offset} is not finished: {}",
                    self.describe(deliveries)
                ));
            }
        }
        let it = &mut self.stays[stay];
        it.finished_until = it.finished_until.max(next);
        Ok(())
    }

    fn describe(&self, deliveries: &[stay::Delivered]) -> String {
        let texts = deliveries.iter().map(|delivery| {
            let calls = delivery.calls.iter().map(|call| {
                let call = &self.calls[*call];
                format!("{:?} {:?}", call.answer, call.outputs)
            });
            let calls: Vec<_> = calls.collect();
            format!("[{}; dead letter {:?}]", calls.join(", "), delivery.letter)
        });
        texts.collect::<Vec<_>>().join(" ")
    }

    /// In which stay it was written.
    pub fn stay_of(&self, message: &Message) -> usize {
        match message {
            Message::Output { call, .. } => self.calls[*call].stay,
            Message::Letter { stay, .. } => *stay,
        }
    }

    fn offset_of(&self, message: &Message) -> i64 {
        match message {
            Message::Output { call, .. } => self.calls[*call].of.offset,
            Message::Letter { offset, .. } => *offset,
        }
    }

    fn fare(&mut self, message: &Message) -> Result<&mut Fare, Broken> {
        let unknown = || format!("{message:?} was never written by a handler");
        match message {
            Message::Output { call, index } => {
                let call = self.calls.get_mut(*call).ok_or_else(unknown)?;
                call.outputs.get_mut(*index).ok_or_else(unknown)
            }
            Message::Letter {
                stay,
                offset,
                handler,
            } => {
                let stay = self.stays.get_mut(*stay).ok_or_else(unknown)?;
                let deliveries = stay.records.get_mut(offset).ok_or_else(unknown)?;
                Ok(&mut deliveries[*handler].letter)
            }
        }
    }
}

/// An output that no handler declares.
pub const UNKNOWN_OUTPUT: u32 = 99;
