//! As which member of the group this host has got its partitions.
//!
//! Whoever is put out of the group and taken in anew has another id, and has to give up all
//! partitions in between: others may have had them. The client sees to that, but for static members
//! that are put out while they join. With the new id the group would let the offsets of the old
//! partitions through, so it is compared.

use std::sync::{Mutex, PoisonError, Weak};

use crate::native::Handle;

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
