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
use crate::worker::{for_another, known_outputs};

/// What came of a trial.
#[derive(Debug)]
pub struct Trial {
    /// What a worker would do with the delivery.
    pub decision: Decision,
    /// How long the handler took; zero when no instance of it could be started.
    pub time: Duration,
}

/// Passes a record through the handler number `handler` of `topic`, on an instance of its pool.
/// `staging`, which must be empty, gets the outputs of an [`Decision::Emit`]. The clock must tick
/// meanwhile.
///
/// `None`: as many instances as allowed are out.
pub fn try_record(
    topic: &TopicPlan,
    handler: usize,
    record: &Record<'_>,
    call: Call,
    staging: &mut Staging,
) -> Option<Trial> {
    let plan = &topic.handlers[handler];
    let mark = staging.mark();
    let (answer, time) = match for_another(record, topic, &plan.name) {
        Some(why) => (Ok(Outcome::Skip(why)), Duration::ZERO),
        None => ask(topic, handler, record, call, staging)?,
    };
    let decision = decide(
        answer,
        staging.len() as u32,
        Attempt {
            number: call.attempt,
            ..Attempt::FIRST
        },
        &plan.policy,
        topic.dead_letter.is_some(),
    );
    if !matches!(decision, Decision::Emit { .. }) {
        staging.rollback(mark);
    }
    Some(Trial { decision, time })
}

/// The handler's answer, and how long it took. `None`: no instance is free.
fn ask(
    topic: &TopicPlan,
    handler: usize,
    record: &Record<'_>,
    call: Call,
    staging: &mut Staging,
) -> Option<(Result<Outcome, Failure>, Duration)> {
    let plan = &topic.handlers[handler];
    Some(match plan.pool.checkout() {
        Ok(None) => return None,
        Ok(Some(mut instance)) => {
            let begun = Instant::now();
            let answer = instance.handle(record, call, staging);
            let time = begun.elapsed();
            plan.pool.give_back(instance);
            let answer = known_outputs(answer, staging, 0, plan.outputs.len());
            (answer, time)
        }
        Err(failure) => (Err(failure), Duration::ZERO),
    })
}
