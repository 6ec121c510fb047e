//! What handlers do with a record and what becomes of what they write: by the seed and the record
//! alone, so that it is the same whoever runs it, and however often.

use std::time::Duration;

use penstock_core::verdict::{Failure, Outcome, Reason};

use crate::plan::{Fault, OUTPUTS, Plan};
use crate::rng::hash;

/// How long a call takes that ends at its deadline.
pub const DEADLINE: Duration = Duration::from_millis(60);

/// What a call comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// So many outputs.
    Done(u32),
    /// Nothing, on purpose.
    Skip,
    /// Call again, not before so many milliseconds if that is said.
    Retry(Option<u64>),
    /// The record is refused.
    Reject,
    /// It crashed.
    Crash,
    /// It took too long.
    Deadline,
    /// It wrote to an output that isn't there.
    UnknownOutput,
}

/// How long a call takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// No time.
    Quick,
    /// Longer than a run may.
    Slow,
    /// So long that it holds its worker up.
    Wedged,
}

/// What becomes of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is taken.
    Taken,
    /// The broker refuses it for good.
    Refused,
    /// The client refuses it at once.
    Unacceptable,
}

/// The delivery of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delivery {
    /// Index of the input partition.
    pub place: usize,
    /// The record.
    pub offset: i64,
    /// The handler's index.
    pub handler: usize,
}

impl Delivery {
    fn draw(&self, plan: &Plan, salt: u64) -> u64 {
        hash(&[
            plan.options.seed,
            self.place as u64,
            self.offset as u64,
            self.handler as u64,
            salt,
        ])
    }
}

/// What the call number `attempt` comes to.
pub fn answer(plan: &Plan, of: Delivery, attempt: u32) -> Answer {
    let draw = of.draw(plan, 1);
    let more = draw / 1000;
    let done = Answer::Done((more % 4) as u32);
    if !plan.has(Fault::Failure) {
        return done;
    }
    let until = |attempts: u32, failure: Answer| {
        if attempt <= attempts { failure } else { done }
    };
    match draw % 1000 {
        0..100 => Answer::Skip,
        100..200 => until(
            (more % 3) as u32 + 1,
            Answer::Retry(more.is_multiple_of(2).then_some(more % 200)),
        ),
        200..220 => until(u32::MAX, Answer::Retry(None)),
        220..245 => Answer::Reject,
        245..260 => Answer::Crash,
        260..290 => until(1, Answer::Deadline),
        290..300 => until(u32::MAX, Answer::Deadline),
        300..310 => Answer::UnknownOutput,
        _ => done,
    }
}

/// How long a call takes.
pub fn pace(plan: &Plan, of: Delivery, attempt: u32) -> Pace {
    if !plan.has(Fault::Slow) {
        return Pace::Quick;
    }
    match of.draw(plan, 2 + u64::from(attempt)) % 1000 {
        0..20 => Pace::Wedged,
        20..120 => Pace::Slow,
        _ => Pace::Quick,
    }
}

/// Which of the two output topics an output is for.
pub fn topic(plan: &Plan, of: Delivery, index: u32) -> usize {
    of.draw(plan, 100 + u64::from(index)) as usize % OUTPUTS
}

/// Bytes that are added to its value.
pub fn padding(plan: &Plan, of: Delivery, index: u32) -> usize {
    let most = if plan.large { 30_000 } else { 20 };
    of.draw(plan, 200 + u64::from(index)) as usize % most
}

/// What becomes of it.
pub fn fate(plan: &Plan, of: Delivery, index: u32) -> Fate {
    if !plan.has(Fault::Message) {
        return Fate::Taken;
    }
    match of.draw(plan, 300 + u64::from(index)) % 1000 {
        0..20 => Fate::Refused,
        20..30 => Fate::Unacceptable,
        _ => Fate::Taken,
    }
}

/// What becomes of its dead letter.
pub fn letter_fate(plan: &Plan, of: Delivery) -> Fate {
    if !plan.has(Fault::Message) {
        return Fate::Taken;
    }
    match of.draw(plan, 400) % 1000 {
        0..30 => Fate::Refused,
        30..40 => Fate::Unacceptable,
        _ => Fate::Taken,
    }
}

impl Answer {
    /// As the engine gets it, where outputs are not what is wrong.
    pub fn result(self) -> Result<Outcome, Failure> {
        let reason = || Reason {
            code: "scripted".into(),
            text: String::new(),
        };
        match self {
            Answer::Done(_) | Answer::UnknownOutput => Ok(Outcome::Done),
            Answer::Skip => Ok(Outcome::Skip(reason())),
            Answer::Retry(after) => Err(Failure::Retry {
                after: after.map(Duration::from_millis),
                why: reason(),
            }),
            Answer::Reject => Err(Failure::Reject(reason())),
            Answer::Crash => Err(Failure::Crash {
                message: "scripted".into(),
                trace: String::new(),
            }),
            Answer::Deadline => Err(Failure::Deadline { limit: DEADLINE }),
        }
    }
}
