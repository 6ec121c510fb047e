//! What is wrong right now, latched: first seen, last seen, how often.
//!
//! The Kafka client raises some errors only once, so an error is a state here, not an event: it
//! stays until what it is about works again.

use std::collections::BTreeMap;

use crate::codes::Code;

/// What a condition is about: a topic, a partition, the cluster, written as people name it.
pub type Subject = String;

/// A latched condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Milliseconds since 1970 of the first time.
    pub first_seen_ms: i64,
    /// Milliseconds since 1970 of the latest time.
    pub last_seen_ms: i64,
    /// How often it was raised.
    pub count: u64,
    /// The latest words.
    pub text: String,
}

/// All conditions that hold.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    held: BTreeMap<(Code, Subject), Condition>,
}

impl Conditions {
    /// Notes a condition; `true` when it did not hold before (the moment to log it).
    pub fn raise(&mut self, code: Code, subject: &str, text: &str, now_ms: i64) -> bool {
        let key = (code, subject.to_owned());
        let new = !self.held.contains_key(&key);
        let condition = self.held.entry(key).or_insert_with(|| Condition {
            first_seen_ms: now_ms,
            last_seen_ms: now_ms,
            count: 0,
            text: String::new(),
        });
        condition.last_seen_ms = now_ms;
        condition.count += 1;
        text.clone_into(&mut condition.text);
        new
    }

    /// Ends a condition; returns it if it held (the moment to log that it passed).
    pub fn clear(&mut self, code: Code, subject: &str) -> Option<Condition> {
        self.held.remove(&(code, subject.to_owned()))
    }

    /// What holds, by code and subject.
    pub fn iter(&self) -> impl Iterator<Item = (Code, &str, &Condition)> {
        self.held
            .iter()
            .map(|((code, subject), condition)| (*code, subject.as_str(), condition))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_new_once_and_keeps_its_first_time() {
        let mut conditions = Conditions::default();
        assert!(conditions.raise(Code::TopicMissing, "a", "x", 1));
        assert!(!conditions.raise(Code::TopicMissing, "a", "y", 5));
        let (_, _, held) = conditions.iter().next().expect("it holds");
        assert_eq!(
            (
                held.first_seen_ms,
                held.last_seen_ms,
                held.count,
                held.text.as_str()
            ),
            (1, 5, 2, "y")
        );
        assert!(conditions.clear(Code::TopicMissing, "a").is_some());
        assert!(conditions.clear(Code::TopicMissing, "a").is_none());
    }
}
