//! Exactly once: what is seen, and that it is seen with the position behind it.

use super::{Broken, Fare, Message, Truth};
use crate::script::Delivery;

impl Truth {
    /// A transaction is committed: these messages are seen from now on, in this order, and reading
    /// goes on at these positions of stays.
    pub fn transacted(
        &mut self,
        landed: &[(Message, (usize, u64))],
        points: &[(usize, i64)],
    ) -> Result<(), Broken> {
        for (message, at) in landed {
            let (stay, offset) = (self.stay_of(message), self.offset_of(message));
            let mut points = points.iter();
            if !points.any(|(of, next)| *of == stay && offset < *next) {
                return Err(format!(
                    "{message:?} of offset {offset} is seen, and its position is not committed"
                ));
            }
            *self.fare(message)? = Fare::Seen;
            self.seen(message)?;
            self.arrived(message, *at)?;
        }
        for (stay, next) in points {
            self.finished_until(*stay, *next)?;
        }
        Ok(())
    }

    /// A message is seen, once and for all.
    fn seen(&mut self, message: &Message) -> Result<(), Broken> {
        let of = self.delivery_of(message);
        let index = match message {
            Message::Output { index, .. } => Some(*index),
            Message::Letter { .. } => None,
        };
        let mut others = self.seen.range((of, None)..=(of, Some(usize::MAX)));
        if let Some((_, other)) = others.find(|(_, other)| {
            let is_both = other.is_none() != index.is_none();
            is_both || *other == index
        }) {
            return Err(format!("{of:?}: {index:?} is seen after {other:?}"));
        }
        self.seen.insert((of, index));
        Ok(())
    }

    /// The transaction of a message that had landed is aborted.
    pub fn undone(&mut self, message: &Message) {
        if let Ok(fare) = self.fare(message) {
            *fare = Fare::Home;
        }
    }

    /// An operator put a partition from one offset to another.
    pub fn put_elsewhere(&mut self, place: usize, from: i64, to: i64) {
        self.stepped_over.push((place, from, to));
        if self.exactly_once && to < from {
            // It is done again, as was asked for.
            self.seen
                .retain(|(of, _)| of.place != place || of.offset < to);
            self.order.retain(|(of, ..), _| *of != place);
        }
    }

    /// Whose message it is.
    pub fn delivery_of(&self, message: &Message) -> Delivery {
        match message {
            Message::Output { call, .. } => self.calls[*call].of,
            Message::Letter {
                stay,
                offset,
                handler,
            } => Delivery {
                place: self.stays[*stay].place,
                offset: *offset,
                handler: *handler,
            },
        }
    }
}
