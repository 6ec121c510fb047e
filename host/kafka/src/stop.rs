//! A request to stop, that ends waits.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Set once; carries the deadline by which everything is to be over.
#[derive(Debug, Default)]
pub struct Stop {
    deadline: Mutex<Option<Instant>>,
    changed: Condvar,
}

impl Stop {
    /// Asks to stop.
    pub fn set(&self, deadline: Instant) {
        let mut held = self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Some(deadline);
        self.changed.notify_all();
    }

    /// By when everything is to be over, once that is asked for.
    pub fn deadline(&self) -> Option<Instant> {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits at most `timeout`; whether it is time to stop.
    pub fn wait(&self, timeout: Duration) -> bool {
        let held = self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_timeout_while(held, timeout, |deadline| deadline.is_none());
        let (held, _) = waited.unwrap_or_else(PoisonError::into_inner);
        held.is_some()
    }
}
