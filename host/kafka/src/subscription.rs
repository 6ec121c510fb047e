//! Which of the topics are read: some from the start, others from when their handlers are there.
//!
//! More topics are subscribed to in place of fewer: in both group protocols the partitions that a
//! member has stay with it then. A static member of a classic group joins with all of them: one that is
//! back is given what it had, whatever it asks for now.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use penstock_core::config::{GroupProtocol, Kafka, Topic};

use crate::intake::Intake;
use crate::source::Poller;

/// See the module.
pub(crate) struct Subscription {
    wanted: BTreeSet<Arc<str>>,
    /// How many of them the client was told.
    told: usize,
    /// Before there are so many, it is told of none.
    least: usize,
    more: Receiver<Arc<str>>,
}

impl Subscription {
    /// To all `topics` but those that come `later`, by the sender.
    pub fn of(
        kafka: &Kafka,
        topics: &BTreeMap<String, Topic>,
        later: &BTreeSet<String>,
    ) -> (Subscription, Sender<Arc<str>>) {
        let at_once = topics.keys().filter(|name| !later.contains(*name));
        let is_static = crate::client::is_given("group.instance.id", kafka);
        let is_given_what_it_had = is_static && kafka.protocol == GroupProtocol::Classic;
        let least = if is_given_what_it_had {
            topics.len()
        } else {
            0
        };
        Subscription::new(at_once.map(|name| Arc::from(name.as_str())), least)
    }

    /// To these, and to what comes by the sender, once there are at least so many.
    fn new(
        first: impl Iterator<Item = Arc<str>>,
        least: usize,
    ) -> (Subscription, Sender<Arc<str>>) {
        let (sender, more) = channel();
        let subscription = Subscription {
            wanted: first.collect(),
            told: 0,
            least,
            more,
        };
        (subscription, sender)
    }

    /// All topics that are to be subscribed to, if that has changed.
    fn changed(&mut self) -> Option<Vec<Arc<str>>> {
        self.wanted.extend(self.more.try_iter());
        if self.wanted.len() == self.told || self.wanted.len() < self.least {
            return None;
        }
        self.told = self.wanted.len();
        Some(self.wanted.iter().cloned().collect())
    }
}

impl<I: Intake> Poller<I> {
    /// Subscribes to what is to be read by now.
    pub(crate) fn subscribe(&mut self) {
        if self.closing.is_some() {
            return;
        }
        let Some(topics) = self.subscription.changed() else {
            return;
        };
        match self.handle.subscribe(&topics) {
            Ok(()) => self.shared.update(|state| state.subscribed = true),
            Err(error) => self.fatal(&error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_told_all_together_and_only_when_there_are_more() {
        let (mut nothing, more) = Subscription::new(std::iter::empty(), 0);
        assert_eq!(nothing.changed(), None);
        for topic in ["b", "a", "b"] {
            more.send(topic.into()).unwrap();
        }
        assert_eq!(nothing.changed(), Some(vec!["a".into(), "b".into()]));
        assert_eq!(nothing.changed(), None);
        more.send("c".into()).unwrap();
        let all = ["a", "b", "c"].map(Arc::from).to_vec();
        assert_eq!(nothing.changed(), Some(all));
    }

    #[test]
    fn a_static_member_waits_for_all_of_its_topics() {
        let (mut one, more) = Subscription::new(std::iter::once("a".into()), 2);
        assert_eq!(one.changed(), None);
        more.send("b".into()).unwrap();
        assert_eq!(one.changed(), Some(vec!["a".into(), "b".into()]));
    }
}
