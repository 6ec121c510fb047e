//! The account of a handler's deliveries. It balances whenever it is read:
//! `begun = emitted + skipped + dead-lettered + handed-back + open`.

use serde::{Deserialize, Serialize};

/// Deliveries (record × handler) by where they stand. `open` is counted, never computed as the
/// difference, so that [`Ledger::balances`] can find a lost one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ledger {
    /// Given to a worker.
    pub begun: u64,
    /// All outputs acknowledged.
    pub emitted: u64,
    /// Nothing to do, with a reason.
    pub skipped: u64,
    /// The original record acknowledged in the dead-letter topic.
    pub dead_lettered: u64,
    /// Dropped unfinished at a revoke, a reset or the shutdown, for the next owner to do.
    pub handed_back: u64,
    /// Begun and without a verdict.
    pub open: u64,
}

impl Ledger {
    /// Whether each delivery begun is accounted for exactly once.
    pub fn balances(&self) -> bool {
        self.begun
            == self.emitted + self.skipped + self.dead_lettered + self.handed_back + self.open
    }
}

impl std::ops::AddAssign for Ledger {
    fn add_assign(&mut self, other: Ledger) {
        self.begun += other.begun;
        self.emitted += other.emitted;
        self.skipped += other.skipped;
        self.dead_lettered += other.dead_lettered;
        self.handed_back += other.handed_back;
        self.open += other.open;
    }
}
