//! Has a client that gets nowhere connect to the configured brokers again.
//!
//! The client forgets brokers that the cluster no longer lists. A broker that was frozen, or has
//! just been started, may list none at all; then librdkafka 2.12 may be left without a connection.
//! Looking for its coordinator, or for a topic's leader, it asks those that it is connected to, and
//! connects to none for that. So a member neither commits, nor hears that it is none any more.

use std::time::{Duration, Instant};

use crate::native::Handle;

/// How long a client may get nowhere, and how long between two times.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a broker's answer is waited for.
const ANSWER: Duration = Duration::from_millis(500);

/// Since when a client has got nowhere, or was last told.
#[derive(Debug, Default)]
pub struct Bootstrap(Option<Instant>);

impl Bootstrap {
    /// Whether the client of `handle` gets nowhere at the moment.
    pub fn look(&mut self, is_stuck: bool, handle: &Handle) {
        if self.is_due(is_stuck, Instant::now()) {
            reach_out(handle);
        }
    }

    fn is_due(&mut self, is_stuck: bool, now: Instant) -> bool {
        if !is_stuck {
            self.0 = None;
            return false;
        }
        let since = *self.0.get_or_insert(now);
        let due = now.saturating_duration_since(since) >= PATIENCE;
        if due {
            self.0 = Some(now);
        }
        due
    }
}

/// Has a client connect that has got nowhere for long enough.
pub fn reach_out(handle: &Handle) {
    tracing::debug!("the client gets nowhere: it connects to any broker that it can reach");
    handle.reach_out(ANSWER);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_told_after_a_while_and_again_after_another() {
        let (mut bootstrap, start) = (Bootstrap::default(), Instant::now());
        let mut due =
            |stuck, seconds| bootstrap.is_due(stuck, start + Duration::from_secs(seconds));
        assert!(!due(true, 0) && !due(true, 4) && due(true, 5) && !due(true, 9));
        assert!(due(true, 10) && !due(false, 11));
        assert!(!due(true, 20) && due(true, 25));
    }
}
