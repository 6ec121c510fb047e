//! The looks that are kept: the one before, and an old one, for what takes long to be a fault.

use std::collections::BTreeMap;

use penstock_core::diagnosis::snapshot::Look;

/// The old look is at least so old, in milliseconds: longer than a rebalance may take.
const LONG_MS: i64 = 340_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Window {
    latest: Option<Look>,
    /// At least [`LONG_MS`] old once it is compared with.
    anchor: Option<Look>,
    /// The anchor to come.
    next: Option<Look>,
}

impl Window {
    pub(super) fn latest(&self) -> Option<&Look> {
        self.latest.as_ref()
    }

    /// Takes a look in; gives what is to be compared now: each time the earlier look and this one.
    pub(super) fn add(&mut self, mut look: Look) -> Vec<Vec<Look>> {
        self.keep_ids(&mut look);
        let mut spans = Vec::new();
        if let Some(before) = self.latest.replace(look.clone()) {
            spans.push(vec![before, look.clone()]);
        }
        let is_old = |of: &Option<Look>| {
            of.as_ref()
                .is_some_and(|of| look.at_ms - of.at_ms >= LONG_MS)
        };
        if is_old(&self.next) {
            self.anchor = self.next.take();
        }
        if self.next.is_none() {
            self.next = Some(look.clone());
        }
        if let Some(anchor) = &self.anchor {
            spans.push(vec![anchor.clone(), look]);
        }
        spans
    }

    /// A topic that is not there keeps the id that it had: once it is there again, it is seen to be
    /// another one.
    fn keep_ids(&self, look: &mut Look) {
        let before = self.latest.iter().flat_map(|of| &of.topics);
        let had: BTreeMap<&str, &Option<String>> =
            before.map(|of| (of.name.as_str(), &of.id)).collect();
        for topic in look.topics.iter_mut().filter(|of| of.id.is_none()) {
            let id = had.get(topic.name.as_str());
            topic.id = id.copied().cloned().flatten();
        }
    }
}

#[cfg(test)]
mod tests {
    use penstock_core::diagnosis::snapshot::{Answer, Topic};

    use super::*;

    #[test]
    fn each_look_is_compared_with_the_one_before_and_with_an_old_one() {
        let mut window = Window::default();
        let mut longest = 0;
        for round in 0..200 {
            let at = round * 10_000;
            let spans = window.add(Look::blind(at));
            let ages: Vec<i64> = spans.iter().map(|of| of[1].at_ms - of[0].at_ms).collect();
            assert!(spans.iter().all(|of| of[1].at_ms == at));
            match round {
                0 => assert!(ages.is_empty()),
                1..34 => assert_eq!(ages, [10_000]),
                _ => {
                    assert_eq!(ages[0], 10_000);
                    assert!((LONG_MS..=2 * LONG_MS).contains(&ages[1]), "{ages:?}");
                    longest = longest.max(ages[1]);
                }
            }
        }
        assert!(longest > LONG_MS);
    }

    #[test]
    fn a_topic_that_was_gone_for_a_while_has_another_id_when_it_is_back() {
        let mut window = Window::default();
        let look = |at_ms, id: Option<&str>| {
            let mut look = Look::blind(at_ms);
            look.topics = vec![Topic {
                name: "t".to_owned(),
                id: id.map(str::to_owned),
                partitions: Answer::Unasked,
                settings: Answer::Unasked,
            }];
            look
        };
        let ids = |spans: Vec<Vec<Look>>| {
            let ids = spans[0].iter().map(|of| of.topics[0].id.clone());
            ids.map(Option::unwrap_or_default).collect::<Vec<_>>()
        };
        window.add(look(0, Some("one")));
        assert_eq!(ids(window.add(look(10_000, None))), ["one", "one"]);
        assert_eq!(ids(window.add(look(20_000, None))), ["one", "one"]);
        assert_eq!(ids(window.add(look(30_000, Some("two")))), ["one", "two"]);
    }
}
