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
    /// What is due after calls that took so long.
    pub fn after(took: Duration) -> Duration {
        (took * TIMES).min(MAX)
    }

    /// Rests for so long from now on, at least.
    pub fn extend(&mut self, now: Duration, length: Duration) {
        if !self.lasts(now) {
            self.since = now;
        }
        self.until = self.until.max(now + length);
    }

    /// Whether it is not over.
    pub fn lasts(&self, now: Duration) -> bool {
        now < self.until
    }
}
