//! Outputs that wait for those before them. While much is sent and unacknowledged, what the
//! workers finish is collected, by run and without a copy, and follows in one wave.
//!
//! librdkafka has one request of a partition under way at a time, and asks the socket without a
//! pause while further messages of it are due (decision 25). What it does not have yet costs
//! nothing.

use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use crate::cell::{Partition, State};
use crate::held::Held;
use crate::shared::Shared;

/// The longest that a wave is held back, so that a broker that does not answer holds up nobody
/// else's outputs.
const AGE_MAX: Duration = Duration::from_millis(50);
/// A partition's wave of this many bytes goes at once: it fills a request by itself.
const BYTES_MAX: usize = 1 << 20;

/// What is collected of one partition, in order.
#[derive(Debug, Default)]
pub(crate) struct Wave {
    runs: Vec<Held>,
    bytes: usize,
    since: Duration,
    /// Whether [`Shared::waves`] has the partition on its list.
    listed: bool,
}

impl Wave {
    /// When it can wait no longer; `None` if it is empty.
    pub fn due_at(&self) -> Option<Duration> {
        if self.runs.is_empty() {
            return None;
        }
        let waits = if self.bytes < BYTES_MAX {
            AGE_MAX
        } else {
            Duration::ZERO
        };
        Some(self.since + waits)
    }

    /// Whether it can wait no longer.
    pub fn is_due(&self, now: Duration) -> bool {
        self.due_at().is_some_and(|at| at <= now)
    }

    fn add(&mut self, run: Held, now: Duration) {
        if self.runs.is_empty() {
            self.since = now;
        }
        self.bytes += run.staging.bytes();
        self.runs.push(run);
    }

    /// Takes everything out.
    pub fn take(&mut self) -> Vec<Held> {
        self.bytes = 0;
        std::mem::take(&mut self.runs)
    }
}

impl Partition {
    /// Keeps the outputs of a run for the next wave; `run` is empty afterwards.
    ///
    /// The caller looks at [`Shared::send_waves`] once it has let the lock go: the last
    /// acknowledgement may have come before the partition was on the list.
    pub(crate) fn collect(self: &Arc<Self>, state: &mut State, run: &mut Held, now: Duration) {
        if run.spans.is_empty() {
            return;
        }
        let next = Held::sized_as(run);
        state.wave.add(std::mem::replace(run, next), now);
        if let Some(at) = state.wave.due_at() {
            self.shared.set_timer(self, state, at);
        }
        if !state.wave.listed {
            state.wave.listed = true;
            self.shared.waves.push(Arc::clone(self));
        }
    }
}

impl Shared {
    /// Stops the intake of a partition; what was collected of it goes at once.
    pub fn drain(&self, partition: &Arc<Partition>) {
        let mut state = partition.lock();
        state.machine.drain();
        self.send_wave_of(partition, state);
    }

    /// Sends what was collected, if little is under way now.
    pub fn send_waves(&self) {
        if self.outbox.is_loaded() {
            return;
        }
        for partition in self.waves.take() {
            let mut state = partition.lock();
            state.wave.listed = false;
            self.send_wave_of(&partition, state);
        }
    }

    /// Sends what was collected of a partition, whoever runs it meanwhile.
    pub fn send_wave_of(&self, partition: &Arc<Partition>, mut state: MutexGuard<'_, State>) {
        let mut told = Vec::new();
        let room = partition.send_wave(&mut state, &mut told);
        partition.settle(&mut state);
        drop(state);
        self.tell(partition, &mut told);
        if !room {
            self.wake_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use penstock_core::partition::Seq;

    use super::*;
    use crate::held::Span;

    fn run(bytes: usize) -> Held {
        let mut run = Held::default();
        run.staging.push(0, None, Some(&vec![0; bytes]), [], None);
        run.spans.push(Span {
            seq: Seq(0),
            handler: 0,
            start: 0,
            end: 1,
            timestamp_ms: None,
        });
        run
    }

    #[test]
    fn a_wave_is_due_when_it_is_old_or_large_and_never_when_it_is_empty() {
        let ms = Duration::from_millis;
        let mut wave = Wave::default();
        assert!(!wave.is_due(ms(10_000)));
        wave.add(run(10), ms(100));
        wave.add(run(10), ms(149));
        assert!(!wave.is_due(ms(149)));
        assert!(wave.is_due(ms(150)), "its age is that of its first run");
        assert_eq!(wave.take().len(), 2);
        assert!(!wave.is_due(ms(10_000)));
        wave.add(run(BYTES_MAX - 1), ms(200));
        assert!(!wave.is_due(ms(200)));
        wave.add(run(1), ms(200));
        assert!(wave.is_due(ms(200)));
    }
}
