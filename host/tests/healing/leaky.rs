//! An engine whose source is told to pause a partition, and never that there is room again: the
//! client stops fetching it, and nothing in the host knows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use penstock_core::batch::{Batch, Size};
use penstock_core::conditions::Conditions;
use penstock_core::partition::{CommitPoint, HandedBack};
use penstock_core::record::{AssignmentEpoch, NextOffset};
use penstock_engine::{Engine, Flow, Partition, Settled};
use penstock_kafka::{Intake, Latch, Stay};

/// See the module. It is partition 0, and once.
pub struct Leaky {
    engine: Arc<Engine>,
    leaked: Arc<AtomicBool>,
}

/// A stay with the engine.
pub struct LeakyStay {
    stay: Arc<Partition>,
    leaked: Arc<AtomicBool>,
}

impl Leaky {
    /// `leaked` tells when it has happened.
    pub fn new(engine: &Arc<Engine>, leaked: &Arc<AtomicBool>) -> Leaky {
        Leaky {
            engine: Arc::clone(engine),
            leaked: Arc::clone(leaked),
        }
    }
}

fn inner(stays: &[Arc<LeakyStay>]) -> Vec<Arc<Partition>> {
    stays.iter().map(|of| Arc::clone(&of.stay)).collect()
}

impl Latch for Leaky {
    fn conditions(&self) -> &Mutex<Conditions> {
        self.engine.conditions()
    }
}

impl Intake for Leaky {
    type Stay = LeakyStay;

    fn assign(&self, topic: &str, partition: i32, start: NextOffset) -> Arc<LeakyStay> {
        Arc::new(LeakyStay {
            stay: self.engine.assign(topic, partition, start),
            leaked: Arc::clone(&self.leaked),
        })
    }
    /// The buffer is never full here, so that there is none.
    fn take_resumable(&self) -> Vec<Arc<LeakyStay>> {
        Vec::new()
    }
    fn drain(&self, stays: &[Arc<LeakyStay>], deadline: Instant) -> bool {
        self.engine.drain(&inner(stays), deadline)
    }
    fn settle(&self, stays: &[Arc<LeakyStay>], deadline: Instant) -> Settled {
        self.engine.settle(&inner(stays), deadline)
    }
    fn settling(&self, stays: &[Arc<LeakyStay>], late: bool) -> Option<Settled> {
        self.engine.settling(&inner(stays), late)
    }
    fn abandon(&self, stays: &[Arc<LeakyStay>]) -> Settled {
        self.engine.abandon(&inner(stays))
    }
    fn close(&self, stays: &[Arc<LeakyStay>]) -> HandedBack {
        self.engine.close(&inner(stays))
    }
}

impl Stay for LeakyStay {
    fn topic(&self) -> &Arc<str> {
        self.stay.topic()
    }
    fn number(&self) -> i32 {
        self.stay.number()
    }
    fn epoch(&self) -> AssignmentEpoch {
        self.stay.epoch()
    }
    fn batch(&self, size: Size) -> Batch {
        self.stay.batch(size)
    }
    fn fetched(self: &Arc<Self>, batch: Batch) -> Flow {
        let flow = self.stay.fetched(batch);
        if self.number() == 0 && !self.leaked.swap(true, Ordering::SeqCst) {
            return Flow::Pause;
        }
        flow
    }
    fn wait_for_room(&self, _: Duration) -> bool {
        false
    }
    fn skip_completed(&self, start: NextOffset, metadata: &str) {
        self.stay.skip_completed(start, metadata);
    }
    fn owes_start(self: &Arc<Self>) {
        self.stay.owes_start();
    }
    fn finished(&self) -> CommitPoint {
        self.stay.finished()
    }
    fn commit_point(&self) -> Option<CommitPoint> {
        self.stay.commit_point()
    }
    fn metadata(&self, point: &CommitPoint) -> String {
        self.stay.metadata(point)
    }
    fn committed(&self, point: &CommitPoint) {
        self.stay.committed(point);
    }
    fn watermarks(&self, low: i64, end: i64) {
        self.stay.watermarks(low, end);
    }
    fn last_watermarks(&self) -> Option<(i64, i64)> {
        self.stay.last_watermarks()
    }
    fn position(&self) -> NextOffset {
        self.stay.position()
    }
    fn fetch_position(&self) -> NextOffset {
        self.stay.fetch_position()
    }
}
