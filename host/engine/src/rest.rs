//! The rest after a call that a limit stopped: a guest that takes all it may, record after record,
//! would have a processor for itself, and with some others all of them (docs/decisions/0043).

use std::time::Duration;

/// How many times as long as the call took.
const TIMES: u32 = 3;
/// A rest is not longer.
const MAX: Duration = Duration::from_secs(10);

/// When a partition rests; nothing of it runs meanwhile.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rest {
    pub since: Duration,
    pub until: Duration,
}

impl Rest {
    /// Calls that took so long were stopped: what is due from now on, unless that is less than is left.
    pub fn extend(&mut self, now: Duration, took: Duration) {
        if !self.lasts(now) {
            self.since = now;
        }
        self.until = self.until.max(now + (took * TIMES).min(MAX));
    }

    /// Whether it is not over.
    pub fn lasts(&self, now: Duration) -> bool {
        now < self.until
    }
}
