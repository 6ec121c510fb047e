//! Errors as states: what a client reports becomes a condition, which ends when it works again.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use penstock_core::codes::Code;
use penstock_core::conditions::Conditions;
use penstock_engine::Engine;
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::native::Error;
use crate::who::Who;

/// What conditions of the cluster as a whole are about.
pub const CLUSTER: &str = "kafka";

/// Whoever holds the conditions.
pub trait Latch: Send + Sync + 'static {
    /// What is wrong right now.
    fn conditions(&self) -> &Mutex<Conditions>;
}

impl Latch for Engine {
    fn conditions(&self) -> &Mutex<Conditions> {
        Engine::conditions(self)
    }
}

impl Latch for Mutex<Conditions> {
    fn conditions(&self) -> &Mutex<Conditions> {
        self
    }
}

/// Notes a condition, and logs it when it is new.
pub fn raise(latch: &dyn Latch, code: Code, subject: &str, text: &str) {
    let new = lock(latch).raise(code, subject, text, now_ms());
    if new {
        tracing::warn!(code = code.as_str(), subject, "{text}");
    } else {
        tracing::debug!(code = code.as_str(), subject, "{text}");
    }
}

/// Ends a condition, and logs it when it held.
pub fn clear(latch: &dyn Latch, code: Code, subject: &str) {
    let held = lock(latch).clear(code, subject);
    if let Some(condition) = held {
        let seconds = (now_ms() - condition.first_seen_ms) / 1000;
        tracing::info!(
            code = code.as_str(),
            subject,
            seconds,
            times = condition.count,
            "this has passed: {}",
            condition.text
        );
    }
}

/// Notes an error of a client's under the code it belongs to; of a refusal, with what `who` needs.
pub fn raise_error(latch: &dyn Latch, who: &Who, subject: &str, error: &Error, what: &str) {
    match condition(error.code) {
        // librdkafka's own words are "0/1 brokers are down".
        Some(Code::KafkaUnreachable) if error.code == Rd::AllBrokersDown => raise(
            latch,
            Code::KafkaUnreachable,
            CLUSTER,
            &format!(
                "{what}: no broker can be reached; `penstock doctor` with this configuration says why"
            ),
        ),
        Some(Code::KafkaUnreachable) => raise(
            latch,
            Code::KafkaUnreachable,
            CLUSTER,
            &format!("{what}: {error}"),
        ),
        Some(code) => {
            let text = format!("{what}: {}", who.explain(error, subject));
            raise(latch, code, subject, &text);
        }
        None => tracing::warn!(subject, error = ?error.code, "{what}: {error}"),
    }
}

/// Kafka answers: whatever said that it does not is over.
pub fn reachable(latch: &dyn Latch) {
    clear(latch, Code::KafkaUnreachable, CLUSTER);
    clear(latch, Code::KafkaRefused, CLUSTER);
}

/// The condition that an error makes true; `None` for those that pass by themselves.
pub fn condition(code: Rd) -> Option<Code> {
    match code {
        Rd::AllBrokersDown
        | Rd::BrokerTransportFailure
        | Rd::Resolve
        | Rd::OperationTimedOut
        | Rd::WaitingForCoordinator
        | Rd::CoordinatorNotAvailable
        | Rd::LeaderNotAvailable => Some(Code::KafkaUnreachable),
        Rd::Authentication
        | Rd::SSL
        | Rd::SaslAuthenticationFailed
        | Rd::UnsupportedSASLMechanism
        | Rd::TopicAuthorizationFailed
        | Rd::GroupAuthorizationFailed
        | Rd::ClusterAuthorizationFailed
        | Rd::TransactionalIdAuthorizationFailed => Some(Code::KafkaRefused),
        Rd::UnknownTopicOrPartition
        | Rd::UnknownTopic
        | Rd::UnknownPartition
        | Rd::InvalidTopic => Some(Code::TopicMissing),
        Rd::BadMessage
        | Rd::BadCompression
        | Rd::NotImplemented
        | Rd::InvalidMessage
        | Rd::InvalidMessageSize
        | Rd::MessageSizeTooLarge
        | Rd::UnsupportedCompressionType => Some(Code::RecordUnreadable),
        Rd::Fatal | Rd::FencedInstanceId | Rd::UnreleasedInstanceId => Some(Code::ClientFatal),
        _ => None,
    }
}

/// Whether nobody answered, or nobody that could.
pub fn is_unreachable(error: &Error) -> bool {
    condition(error.code) == Some(Code::KafkaUnreachable)
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

fn lock(latch: &dyn Latch) -> std::sync::MutexGuard<'_, Conditions> {
    // A panic elsewhere leaves the conditions whole: each call changes one entry.
    let held = latch.conditions().lock();
    held.unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use rdkafka::ClientConfig;

    use super::*;
    use crate::native::Role;

    #[test]
    fn a_condition_ends_when_kafka_answers() {
        let latch = Mutex::new(Conditions::default());
        let who = Who::of(&ClientConfig::new(), Role::Consumer, None);
        raise_error(&latch, &who, "t", &Rd::AllBrokersDown.into(), "fetch");
        raise_error(
            &latch,
            &who,
            "t",
            &Rd::TopicAuthorizationFailed.into(),
            "fetch",
        );
        raise_error(&latch, &who, "t", &Rd::RebalanceInProgress.into(), "commit");
        let held = |latch: &Mutex<Conditions>| {
            let held = latch.lock().expect("not poisoned");
            held.iter()
                .map(|(code, subject, _)| (code, subject.to_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            held(&latch),
            [
                (Code::KafkaUnreachable, CLUSTER.to_owned()),
                (Code::KafkaRefused, "t".to_owned())
            ]
        );
        reachable(&latch);
        assert_eq!(held(&latch), [(Code::KafkaRefused, "t".to_owned())]);
    }
}
