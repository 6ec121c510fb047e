//! Batches that were too large as a whole: each message is sent once more on its own, so that only
//! the one that is too large by itself is blamed.
//!
//! This happens when a topic's `max.message.bytes` is below the producer's `batch.size`.

use std::collections::VecDeque;

use penstock_engine::ports::{AckToken, OwnedMessage};

/// Messages to be sent one after the other; the delivery thread's own.
#[derive(Default)]
pub struct Singles {
    queue: VecDeque<(AckToken, OwnedMessage)>,
    in_flight: Option<AckToken>,
}

impl Singles {
    /// A message of a batch that was too large.
    pub fn push(&mut self, token: AckToken, message: OwnedMessage) {
        self.queue.push_back((token, message));
    }

    /// A report came for this message.
    pub fn reported(&mut self, token: AckToken) {
        if self.in_flight == Some(token) {
            self.in_flight = None;
        }
    }

    /// The next message to be sent, once the one before is reported.
    pub fn next(&mut self) -> Option<(AckToken, OwnedMessage)> {
        if self.in_flight.is_some() {
            return None;
        }
        let next = self.queue.pop_front()?;
        self.in_flight = Some(next.0);
        Some(next)
    }

    /// The client had no room for what [`Singles::next`] gave.
    pub fn put_back(&mut self, token: AckToken, message: OwnedMessage) {
        self.in_flight = None;
        self.queue.push_front((token, message));
    }

    /// Whether there is nothing to do.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.in_flight.is_none()
    }

    /// Everything that was not sent.
    pub fn drain(&mut self) -> impl Iterator<Item = (AckToken, OwnedMessage)> + '_ {
        self.queue.drain(..)
    }
}

#[cfg(test)]
mod tests {
    use penstock_engine::ports::OutputTopic;

    use super::*;

    #[test]
    fn the_next_waits_for_the_report_of_the_one_before() {
        let message = OwnedMessage {
            topic: OutputTopic(0),
            key: None,
            value: None,
            headers: Vec::new(),
            timestamp_ms: None,
        };
        let mut singles = Singles::default();
        singles.push(AckToken(1), message.clone());
        singles.push(AckToken(2), message.clone());
        let token = |next: Option<(AckToken, OwnedMessage)>| next.map(|(token, _)| token.0);
        assert_eq!(token(singles.next()), Some(1));
        assert_eq!(token(singles.next()), None);
        singles.reported(AckToken(9));
        assert_eq!(token(singles.next()), None);
        singles.put_back(AckToken(1), message);
        assert_eq!(token(singles.next()), Some(1));
        singles.reported(AckToken(1));
        assert_eq!(token(singles.next()), Some(2));
        singles.reported(AckToken(2));
        assert!(singles.is_idle());
    }
}
