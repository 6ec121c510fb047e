//! Waiting for what a test can only poll.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks `probe` until it succeeds, and returns what it then gave.
///
/// # Errors
/// After `deadline`, with `what` was awaited and the probe's last error.
pub fn wait_until<T>(
    what: &str,
    deadline: Duration,
    mut probe: impl FnMut() -> Result<T>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        match probe() {
            Ok(value) => return Ok(value),
            Err(error) if start.elapsed() >= deadline => {
                return Err(anyhow!(
                    "not within {deadline:?}: {what}\n  last seen: {error:#}"
                ));
            }
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

/// [`wait_until`] for the body of a test.
///
/// # Panics
/// After `deadline`, with `what` was awaited and the probe's last error.
#[track_caller]
pub fn eventually<T>(what: &str, deadline: Duration, probe: impl FnMut() -> Result<T>) -> T {
    match wait_until(what, deadline, probe) {
        Ok(value) => value,
        Err(error) => panic!("{error:#}"),
    }
}

/// A name that no other test uses on a shared broker, for a topic or a group.
#[must_use]
pub fn unique(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
