//! Failures that are tried again for longer than their topic keeps records.

use std::time::Duration;

use crate::codes::Code;
use crate::diagnosis::words::span;
use crate::policy::{Class, Policy, Retry};
use crate::preflight::finding::Finding;
use crate::preflight::scene::Scene;

use super::Found;

pub(super) fn rule(scene: &Scene<'_>, found: &mut Found) {
    for (name, topic) in &scene.config.topics {
        let Some(kept) = scene.kept_ms(name) else {
            continue;
        };
        for handler in &topic.handlers {
            let policy = scene.config.handlers.get(handler).map(|of| &of.policy);
            let longest = policy.and_then(longest);
            if let Some((class, retry)) = longest
                && ms(waits(retry)) > kept
            {
                found.add(too_long(name, handler, &class, retry, kept));
            }
        }
    }
}

/// The rule by which a record is tried again for the longest time.
fn longest(policy: &Policy) -> Option<(String, &Retry)> {
    let classes = Class::ALL.iter().map(|of| of.name().to_owned());
    let by_class = classes.zip(&policy.rules);
    let codes = policy.reject_codes.iter();
    let by_code = codes.map(|(code, rule)| (format!("reject-codes.{code}"), rule));
    let rules = by_class
        .chain(by_code)
        .map(|(name, rule)| (name, &rule.retry));
    rules.max_by_key(|(_, retry)| waits(retry))
}

/// The most that lies between the first call of a record and the last one.
fn waits(retry: &Retry) -> Duration {
    let delays = retry.attempts.saturating_sub(1);
    retry.backoff_max.saturating_mul(delays).min(retry.total)
}

fn ms(of: Duration) -> i64 {
    i64::try_from(of.as_millis()).unwrap_or(i64::MAX)
}

fn too_long(topic: &str, handler: &str, class: &str, retry: &Retry, kept: i64) -> Finding {
    let what = format!("{handler} tries a record of {topic} again for longer than it is kept");
    Finding::problem(Code::PreflightRetries, topic, what)
        .why(format!(
            "by `{class}` a record is called up to {} times within {}; retention.ms is {}",
            retry.attempts,
            span(ms(waits(retry))),
            span(kept)
        ))
        .cost(
            "while it is tried again, nothing from it on is committed: what the topic deletes \
             meanwhile is lost if the host restarts",
        )
        .step(format!(
            "make `total` of `{class}` shorter than the topic's retention.ms, or have fewer attempts"
        ))
        .step("or raise the topic's retention.ms")
}
