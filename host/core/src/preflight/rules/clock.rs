//! Clocks that differ.

use crate::codes::Code;
use crate::config::OutputTimestamp;
use crate::diagnosis::snapshot::Answer;
use crate::diagnosis::words::span;
use crate::preflight::finding::Finding;
use crate::preflight::scene::{Scene, TopicUse};
use crate::preflight::snapshot::Clock;

use super::Found;

const AFTER: &str = "message.timestamp.after.max.ms";
/// Machines whose clocks are kept by NTP are much nearer.
const NEAR_MS: i64 = 10_000;

pub(super) fn rule(scene: &Scene<'_>, found: &mut Found) {
    match &scene.seen.clock {
        Answer::Known(clock) => compared(scene, *clock, found),
        Answer::Unauthorised(_) => found.fine(
            "clocks were not compared: the time of the cluster is told to who may DESCRIBE the \
             cluster; a host does not need that",
        ),
        _ => found.fine(
            "clocks were not compared: brokers tell their time only from Kafka 3.3 on, with KRaft",
        ),
    }
}

fn compared(scene: &Scene<'_>, clock: Clock, found: &mut Found) {
    let apart = clock.ahead_ms.abs();
    if apart - clock.within_ms < NEAR_MS {
        found.fine(format!(
            "this machine's clock agrees with the controller's: {} apart, give or take {}",
            span(apart),
            span(clock.within_ms)
        ));
        return;
    }
    let side = if clock.ahead_ms > 0 {
        "behind"
    } else {
        "ahead of"
    };
    let what = format!(
        "this machine's clock is {} {side} the cluster's",
        span(apart)
    );
    let why = format!(
        "by the active controller's, give or take {}; other brokers are not asked: they do not tell",
        span(clock.within_ms)
    );
    let refusing = (clock.ahead_ms < 0)
        .then(|| refusing(scene, apart))
        .flatten();
    let finding = match refusing {
        Some(topic) => Finding::problem(Code::PreflightClocks, "clock", what).cost(format!(
            "{topic} refuses what this machine dates with now: outputs fail, dead letters halt \
             their partition"
        )),
        None => Finding::warning(Code::PreflightClocks, "clock", what).cost(
            "dead letters, and outputs with timestamp = \"now\", carry a wrong time; retention and \
             logs are judged by it",
        ),
    };
    found.add(
        finding
            .why(why)
            .step("let NTP keep the clocks, here and on the brokers"),
    );
}

/// A topic that takes no record so far ahead of its broker's time.
fn refusing<'s>(scene: &Scene<'s>, ahead_ms: i64) -> Option<&'s str> {
    let is_dated_now = |of: &TopicUse<'_>| match of {
        TopicUse::Input => false,
        TopicUse::DeadLetter { .. } => true,
        TopicUse::Output { of, .. } => of.timestamp == OutputTimestamp::Now,
    };
    let mut topics = scene.uses.iter();
    let found = topics.find(|(name, uses)| {
        let max = scene.number(name, AFTER);
        uses.iter().any(is_dated_now) && max.is_some_and(|max| ahead_ms > max)
    });
    found.map(|(name, _)| *name)
}
