//! The clock at whose ticks deadlines are looked at.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use penstock_engine::ports::TICK;
use wasmtime::Engine;

use crate::deadline::Look;

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

    /// Ticks so far, and the processor time of the calling thread.
    pub(crate) fn look(&self) -> Look {
        Look {
            tick: self.ticks.load(Ordering::Relaxed),
            processor: thread_processor_time(),
        }
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

/// How long the calling thread has run on a processor; `None` if the system can't tell.
#[cfg(unix)]
fn thread_processor_time() -> Option<Duration> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is ours to write to.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    (failed == 0).then(|| Duration::new(time.tv_sec as u64, time.tv_nsec as u32))
}

#[cfg(not(unix))]
fn thread_processor_time() -> Option<Duration> {
    None
}
