//! What is paused on purpose: what, why, and until when. A pause without an end is forgotten, so
//! there is none.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest pause, in milliseconds: a week.
pub const PAUSE_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1000;
/// The longest reason, in bytes.
pub const WHY_BYTES_MAX: usize = 1024;
/// How many pauses a host keeps at once.
pub const PAUSES_MAX: usize = 1000;

/// What is paused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All partitions of an input topic.
    Topic(String),
    /// One of them.
    Partition(String, i32),
    /// All topics that this handler takes records of: it gets every record, in order, so the others
    /// can't go on without it.
    Handler(String),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Topic(topic) => write!(f, "topic {topic}"),
            Scope::Partition(topic, number) => write!(f, "partition {topic}[{number}]"),
            Scope::Handler(handler) => write!(f, "handler {handler}"),
        }
    }
}

impl Scope {
    fn covers(&self, topic: &str, partition: i32, handlers: &[&str]) -> bool {
        match self {
            Scope::Topic(it) => it == topic,
            Scope::Partition(it, number) => it == topic && *number == partition,
            Scope::Handler(it) => handlers.contains(&it.as_str()),
        }
    }
}

/// A pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// What.
    pub scope: Scope,
    /// Why, in the words of whoever wants it.
    pub why: String,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// Until when, in milliseconds since 1970.
    pub until_ms: i64,
}

impl Pause {
    /// Why, and until when, in a line.
    pub fn text(&self) -> String {
        format!("{} (until {})", self.why, rfc3339(self.until_ms))
    }
}

/// Milliseconds since 1970 as RFC 3339, to the second.
pub fn rfc3339(ms: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(ms);
    time.map_or_else(
        |_| format!("{ms} ms since 1970"),
        |time| format!("{time:.0}"),
    )
}

/// A host keeps [`PAUSES_MAX`] pauses already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyPauses;

impl fmt::Display for TooManyPauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{PAUSES_MAX} pauses are kept already, which is the most: resume some, or pause a \
             topic in place of its partitions"
        )
    }
}

impl std::error::Error for TooManyPauses {}

/// All pauses, one for each scope at most.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pauses(Vec<Pause>);

impl Pauses {
    /// A pause begins, or one of the same scope gets another end and reason.
    ///
    /// # Errors
    /// There are too many.
    pub fn set(&mut self, pause: Pause) -> Result<(), TooManyPauses> {
        let found = self.0.binary_search_by(|of| of.scope.cmp(&pause.scope));
        match found {
            Ok(index) => self.0[index] = pause,
            Err(_) if self.0.len() >= PAUSES_MAX => return Err(TooManyPauses),
            Err(index) => self.0.insert(index, pause),
        }
        Ok(())
    }

    /// Ends a pause before its time, if there is one of exactly this scope.
    pub fn lift(&mut self, scope: &Scope) -> Option<Pause> {
        let index = self.0.iter().position(|of| of.scope == *scope)?;
        Some(self.0.remove(index))
    }

    /// Ends those whose time is over.
    pub fn expire(&mut self, now_ms: i64) -> Vec<Pause> {
        let (over, left) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|of| of.until_ms <= now_ms);
        self.0 = left;
        over
    }

    /// The pause that keeps a partition from running: the one that ends last.
    pub fn covering(&self, topic: &str, partition: i32, handlers: &[&str]) -> Option<&Pause> {
        let all = self.0.iter();
        all.filter(|of| of.scope.covers(topic, partition, handlers))
            .max_by_key(|of| of.until_ms)
    }

    /// When the next one is over.
    pub fn next_end_ms(&self) -> Option<i64> {
        self.0.iter().map(|of| of.until_ms).min()
    }

    /// All of them, by scope.
    pub fn iter(&self) -> impl Iterator<Item = &Pause> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(scope: Scope, until_ms: i64) -> Pause {
        Pause {
            why: format!("until {until_ms}"),
            scope,
            since_ms: 0,
            until_ms,
        }
    }

    fn topic() -> Scope {
        Scope::Topic("t".to_owned())
    }

    fn one(number: i32) -> Scope {
        Scope::Partition("t".to_owned(), number)
    }

    #[test]
    fn what_lasts_longest_holds() {
        let mut pauses = Pauses::default();
        pauses.set(pause(topic(), 10)).unwrap();
        pauses.set(pause(one(1), 20)).unwrap();
        pauses
            .set(pause(Scope::Handler("h".to_owned()), 5))
            .unwrap();
        let until = |topic: &str, number, handlers: &[&str]| {
            let found = pauses.covering(topic, number, handlers);
            found.map(|of| of.until_ms)
        };
        assert_eq!(until("t", 0, &["h"]), Some(10));
        assert_eq!(until("t", 1, &["h"]), Some(20));
        assert_eq!(until("other", 1, &["g", "h"]), Some(5));
        assert_eq!(until("other", 1, &["g"]), None);
        assert_eq!(pauses.next_end_ms(), Some(5));
    }

    #[test]
    fn each_scope_is_paused_once_and_until_its_time() {
        let mut pauses = Pauses::default();
        pauses.set(pause(topic(), 10)).unwrap();
        pauses.set(pause(topic(), 30)).unwrap();
        pauses.set(pause(one(0), 20)).unwrap();
        assert_eq!(pauses.iter().count(), 2);
        assert_eq!(pauses.expire(19), []);
        assert_eq!(pauses.expire(20), [pause(one(0), 20)]);
        assert_eq!(pauses.lift(&one(0)), None);
        assert_eq!(pauses.lift(&topic()), Some(pause(topic(), 30)));
        assert_eq!(pauses.next_end_ms(), None);
    }
    #[test]
    fn there_are_only_so_many_and_one_of_them_may_get_another_end() {
        let mut pauses = Pauses::default();
        for number in 0..PAUSES_MAX {
            pauses.set(pause(one(number as i32), 10)).unwrap();
        }
        assert_eq!(pauses.set(pause(topic(), 10)), Err(TooManyPauses));
        assert_eq!(pauses.set(pause(one(7), 20)), Ok(()));
        assert_eq!(pauses.iter().count(), PAUSES_MAX);
        pauses.expire(10);
        assert_eq!(pauses.set(pause(topic(), 30)), Ok(()));
    }
}
