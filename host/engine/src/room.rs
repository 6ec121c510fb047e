//! How much a partition may keep: its share of what all of them may.

use std::sync::atomic::Ordering;

use penstock_core::partition::Seq;

use crate::cell::State;
use crate::shared::Shared;
use crate::token::UNFINISHED_MAX;
use crate::transacting::Transacting;

/// The least share that a partition gets, however many there are.
const SHARE_BYTES_MIN: u64 = 64 * 1024;

/// A part of a share.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    of_32: u64,
}

impl Part {
    pub const ALL: Part = Part { of_32: 32 };
    /// A little less, so that who waits for room does not come and go with each record.
    pub const NEARLY_ALL: Part = Part { of_32: 31 };
    pub const HALF: Part = Part { of_32: 16 };

    fn of(self, all: u64) -> u64 {
        all * self.of_32 / 32
    }
}

impl Shared {
    /// Whether more than this part is taken of what a partition may keep of what it receives.
    ///
    /// Exactly once, what handlers are done with has its room until it is committed, and that comes by
    /// fits and starts. So what is still before them has a bound of its own: room there comes evenly,
    /// as it does at least once, and fetching need not pause.
    pub fn is_filled(&self, part: Part, state: &State) -> bool {
        let share = self.share_bytes();
        let places = state.machine.places();
        let before_handlers = || state.batches.bytes_of(state.machine.undecided());
        state.batches.bytes() as u64 > part.of(share)
            || places as u64 > part.of(UNFINISHED_MAX as u64 / 2)
            || self.transacting.is_some()
                && before_handlers() as u64 > part.of((share / 4).max(SHARE_BYTES_MIN))
    }

    /// Whether a partition keeps as much for transactions as it may, and is to run nothing.
    pub fn is_bundled_full(&self, state: &State) -> bool {
        let of = self.transacting.as_ref();
        of.is_some_and(|of| state.bundles.bytes() as u64 > self.bundle_share(of))
    }

    /// Whether the open transaction holds half of what a partition may keep, received or to be sent,
    /// and more is there or waits for that room. It is committed then, so that the other half is
    /// worked on meanwhile.
    pub fn is_half_entered(&self, state: &State) -> bool {
        let half = |share: u64| (share / 2).max(SHARE_BYTES_MIN);
        let entered = state.machine.entered();
        let behind = Seq(state.machine.oldest().0 + entered as u64);
        let is_half = state.batches.bytes_before(behind) as u64 >= half(self.share_bytes())
            || state.bundles.entered >= half(self.bundle_share(self.transacting()))
            || entered >= UNFINISHED_MAX / 4;
        is_half
            && (state.machine.undecided() > 0
                || self.is_bundled_full(state)
                || self.is_filled(Part::ALL, state))
    }

    /// Each live partition's share of the buffer.
    fn share_bytes(&self) -> u64 {
        self.share(self.settings.buffer_bytes)
    }

    /// The same of what waits to be sent: as much as is in one transaction, and once more.
    fn bundle_share(&self, transacting: &Transacting) -> u64 {
        self.share(transacting.bytes_max * 2)
    }

    fn share(&self, all: u64) -> u64 {
        let live = self.live.load(Ordering::Relaxed).max(1) as u64;
        (all / live).max(SHARE_BYTES_MIN)
    }
}
