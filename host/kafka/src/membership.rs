//! As which member of the group this host has got its partitions.
//!
//! Whoever is put out of the group and taken in anew has another id, and has to give up all
//! partitions in between: others may have had them. The client sees to that, but for static members
//! that are put out while they join. With the new id the group would let the offsets of the old
//! partitions through, so it is compared.

use std::sync::{Mutex, PoisonError, Weak};

use crate::intake::Intake;
use crate::native::Handle;
use crate::source::Poller;

/// Written by the poll thread.
#[derive(Debug, Default)]
pub struct Membership(Mutex<Option<String>>);

impl Membership {
    /// Partitions are held now, or none is; `id` gives the member's id.
    pub fn holds(&self, any: bool, id: impl FnOnce() -> Option<String>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match (any, held.is_some()) {
            (false, _) => *held = None,
            (true, false) => *held = id(),
            (true, true) => {}
        }
    }

    /// Whether the partitions were got under another id than this.
    pub fn is_other_than(&self, id: &str) -> bool {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_deref().is_some_and(|held| held != id)
    }
}

/// Asks the client as which member of the group it goes.
pub struct Member(Weak<Handle>);

impl Member {
    /// That of this consumer; weak, so that the client ends on its own thread.
    pub(crate) fn of(consumer: &Weak<Handle>) -> Member {
        Member(Weak::clone(consumer))
    }

    /// Its id; `None` if it has not joined yet, or has ended. Waits for the client's own thread.
    pub fn id(&self) -> Option<String> {
        self.0.upgrade()?.member_id()
    }
}

impl<I: Intake> Poller<I> {
    /// Between two events, it can only be a reset.
    pub(crate) fn note_busy(&self) {
        self.shared
            .update(|state| state.busy = self.reset.is_some());
    }

    /// Whether it has been taken in meanwhile.
    pub(crate) fn note_membership(&self) {
        if self.shared.is_member() {
            return;
        }
        let generation = self.handle.generation();
        // The client keeps the generation that it lost until it is taken in anew.
        if generation.is_some() && generation != self.lost_generation {
            self.note_member();
        }
    }

    /// The group has taken it in, perhaps anew.
    pub(crate) fn note_member(&self) {
        // It may wait for the client: not while others wait for the state.
        let member_id = self.handle.member_id();
        self.shared.update(|state| {
            state.member = true;
            state.member_id = member_id;
        });
        self.is_taken_in();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_counts_until_all_partitions_are_given_up() {
        let membership = Membership::default();
        let id = |text: &str| Some(text.to_owned());
        assert!(!membership.is_other_than("a"), "none are held");
        membership.holds(true, || id("a"));
        membership.holds(true, || id("b"));
        assert!(!membership.is_other_than("a"));
        assert!(membership.is_other_than("b"));
        membership.holds(false, || id("b"));
        membership.holds(true, || id("b"));
        assert!(!membership.is_other_than("b"));
    }
}
