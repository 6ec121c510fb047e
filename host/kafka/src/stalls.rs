//! Output topics that take nothing: librdkafka tries again in silence while a leader is missing or
//! too few replicas are in sync, so that only the lack of any report shows it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use penstock_core::codes::Code;

use crate::latch::{self, Latch};
use crate::native::TopicHandle;

/// Without a report for so long, a topic that messages wait for is said to be unwritable.
const STALLED_AFTER: Duration = Duration::from_secs(10);

/// An output topic, with what is under way to it.
pub struct Topic {
    /// The producer's grip on it.
    pub handle: TopicHandle,
    /// Messages that were sent and not reported.
    pub waiting: AtomicU64,
}

impl Topic {
    /// Nothing is under way.
    pub fn new(handle: TopicHandle) -> Topic {
        Topic {
            handle,
            waiting: AtomicU64::new(0),
        }
    }
}

/// When each topic's latest report came; the delivery thread's own.
pub struct Stalls(Vec<Progress>);

#[derive(Clone, Copy)]
struct Progress {
    /// The latest report, or the latest look at which nothing was under way.
    at: Instant,
    stalled: bool,
}

impl Stalls {
    /// For so many topics.
    pub fn new(topics: usize) -> Stalls {
        let at = Instant::now();
        Stalls(vec![Progress { at, stalled: false }; topics])
    }

    /// A report came.
    pub fn progress(&mut self, topic: usize) {
        self.0[topic].at = Instant::now();
    }

    /// Whether any topic is stuck.
    pub fn any(&self) -> bool {
        self.0.iter().any(|progress| progress.stalled)
    }

    /// Says which topics are stuck, and which no longer.
    pub fn look(&mut self, topics: &[Topic], latch: &dyn Latch) {
        let now = Instant::now();
        for (progress, topic) in self.0.iter_mut().zip(topics) {
            let waiting = topic.waiting.load(Ordering::Relaxed);
            if waiting == 0 {
                progress.at = now;
            }
            let stalled = now.saturating_duration_since(progress.at) >= STALLED_AFTER;
            if stalled && !progress.stalled {
                let text = format!(
                    "{waiting} messages wait for {} to take them, without an answer for {} s: its \
                     leader may be missing, or too few of its replicas in sync",
                    topic.handle.name(),
                    STALLED_AFTER.as_secs()
                );
                latch::raise(latch, Code::OutputUnwritable, topic.handle.name(), &text);
            } else if !stalled && progress.stalled {
                latch::clear(latch, Code::OutputUnwritable, topic.handle.name());
            }
            progress.stalled = stalled;
        }
    }
}
