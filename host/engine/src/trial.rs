//! One call of a handler without any effect: decided as a worker decides it, and neither sent nor
//! committed.

use std::time::{Duration, Instant};

use penstock_core::decide::{Decision, decide};
use penstock_core::policy::Attempt;
use penstock_core::record::Record;
use penstock_core::staging::Staging;
use penstock_core::verdict::{Failure, Outcome};

use crate::plan::TopicPlan;
use crate::ports::Call;
use crate::worker::{for_another, known_outputs, spread};

/// What came of a trial.
#[derive(Debug)]
pub struct Trial {
    /// What a worker would do with the delivery.
    pub decision: Decision,
    /// How long the handler took; zero when no instance of it could be started.
    pub time: Duration,
    /// What the instance's memory took after the call; zero when there was none.
    pub memory_bytes: u64,
}

/// Passes a record through the handler number `handler` of `topic`, on an instance of its pool.
/// `staging`, which must be empty, gets the outputs of an [`Decision::Emit`]. The clock must tick
/// meanwhile. `waited` is the time since the first call for this record.
///
/// `None`: as many instances as allowed are out.
pub fn try_record(
    topic: &TopicPlan,
    handler: usize,
    record: &Record<'_>,
    call: Call,
    waited: Duration,
    staging: &mut Staging,
) -> Option<Trial> {
    let plan = &topic.handlers[handler];
    let mark = staging.mark();
    let asked = match for_another(record, topic, &plan.name) {
        Some(why) => Asked::without_a_call(Ok(Outcome::Skip(why))),
        None => ask(topic, handler, record, call, staging)?,
    };
    let decision = decide(
        asked.answer,
        staging.len() as u32,
        Attempt {
            number: call.attempt,
            waited,
            spread: spread(call.partition, record.offset),
        },
        &plan.policy,
        topic.dead_letter.is_some(),
    );
    if !matches!(decision, Decision::Emit { .. }) {
        staging.rollback(mark);
    }
    Some(Trial {
        decision,
        time: asked.time,
        memory_bytes: asked.memory_bytes,
    })
}

/// The handler's answer, and what it took.
struct Asked {
    answer: Result<Outcome, Failure>,
    time: Duration,
    memory_bytes: u64,
}

impl Asked {
    fn without_a_call(answer: Result<Outcome, Failure>) -> Asked {
        Asked {
            answer,
            time: Duration::ZERO,
            memory_bytes: 0,
        }
    }
}

/// `None`: no instance is free.
fn ask(
    topic: &TopicPlan,
    handler: usize,
    record: &Record<'_>,
    call: Call,
    staging: &mut Staging,
) -> Option<Asked> {
    let plan = &topic.handlers[handler];
    Some(match plan.pool.checkout() {
        Ok(None) => return None,
        Ok(Some(mut instance)) => {
            let begun = Instant::now();
            let answer = instance.handle(record, call, staging);
            let time = begun.elapsed();
            let memory_bytes = instance.memory_bytes();
            plan.pool.give_back(instance);
            Asked {
                answer: known_outputs(answer, staging, 0, plan.outputs.len()),
                time,
                memory_bytes,
            }
        }
        Err(failure) => Asked::without_a_call(Err(failure)),
    })
}
