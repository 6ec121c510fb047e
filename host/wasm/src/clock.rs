//! The clock that deadlines are counted in.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use penstock_engine::ports::TICK;
use wasmtime::Engine;

/// Counts ticks; the engine's ticker drives it while records are handled.
pub(crate) struct Clock {
    engine: Engine,
    ticks: AtomicU64,
}

impl Clock {
    pub(crate) fn new(engine: Engine) -> Self {
        Clock {
            engine,
            ticks: AtomicU64::new(0),
        }
    }

    pub(crate) fn tick(&self) {
        self.ticks.fetch_add(1, Ordering::Relaxed);
        self.engine.increment_epoch();
    }

    /// Runs `call`, a guest's, where no ticker need be running: at check and at start. Ticks
    /// only when nobody else did, so that it never shortens the deadline of a running handler.
    pub(crate) fn watched<R>(&self, call: impl FnOnce() -> R) -> R {
        let (running, over) = mpsc::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut seen = self.ticks.load(Ordering::Relaxed);
                while over.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    if self.ticks.load(Ordering::Relaxed) == seen {
                        self.tick();
                    }
                    seen = self.ticks.load(Ordering::Relaxed);
                }
            });
            // Moved in, so that it is dropped, and the watcher ends, even if the call panics.
            let running = running;
            let answer = call();
            drop(running);
            answer
        })
    }
}

/// How many ticks a deadline lasts: rounded up, and one more because the first may come at once.
pub(crate) fn ticks(deadline: Duration) -> u64 {
    let ticks = deadline.as_nanos().div_ceil(TICK.as_nanos());
    u64::try_from(ticks)
        .unwrap_or(u64::MAX >> 1)
        .saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_never_shorter_than_configured() {
        assert_eq!(ticks(Duration::from_millis(200)), 101);
        assert_eq!(ticks(Duration::from_nanos(1)), 2);
        assert_eq!(ticks(TICK + Duration::from_nanos(1)), 3);
    }
}
