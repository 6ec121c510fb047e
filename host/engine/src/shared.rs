//! What all threads of the engine share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::Duration;

use penstock_core::conditions::Conditions;
use penstock_core::ledger::Ledger;
use penstock_core::partition::Told;
use penstock_core::pauses::Pauses;
use penstock_core::record::AssignmentEpoch;

use crate::cell::{Partition, State};
use crate::lanes::Lanes;
use crate::lines::Lines;
use crate::machine::Machine;
use crate::outbox::Outbox;
use crate::plan::Settings;
use crate::ports::{EpochClock, Sink};
use crate::room::Part;
use crate::spares::Spares;
use crate::ticker::Ticker;
use crate::topics::Slots;
use crate::transacting::Transacting;
use crate::waiting::Waiting;
use crate::watches::Watches;

pub(crate) struct Shared {
    pub settings: Settings,
    pub topics: Slots,
    pub sink: Arc<dyn Sink>,
    pub clock: Arc<dyn EpochClock>,
    pub machine: Machine,
    pub table: RwLock<Table>,
    pub live: AtomicUsize,
    pub abandoned: AtomicU64,
    pub next_epoch: AtomicU32,
    pub lanes: Lanes,
    pub ticker: Ticker,
    pub outbox: Outbox,
    /// Those that have a wave.
    pub waves: Waiting,
    /// If the delivery is exactly once.
    pub transacting: Option<Transacting>,
    pub spares: Arc<Spares>,
    pub lines: Lines,
    pub watches: Watches,
    pub resumable: Mutex<Vec<Arc<Partition>>>,
    pub conditions: Arc<Mutex<Conditions>>,
    /// Locked before the table.
    pub pauses: Mutex<Pauses>,
    /// Signalled whenever something of a draining partition settles.
    pub settled: (Mutex<()>, Condvar),
}

/// Live stays, and what ended ones leave behind. One lock for both, so that a reader never counts
/// a delivery twice or not at all.
#[derive(Default)]
pub(crate) struct Table {
    pub live: HashMap<AssignmentEpoch, Arc<Partition>>,
    /// By topic and handler index.
    pub ended: HashMap<(usize, usize), Ledger>,
}

impl Shared {
    /// Time since the engine started; what `core` is told.
    pub fn now(&self) -> Duration {
        self.machine.now()
    }

    /// Gives a partition to as many workers as it has work for; sets its timer otherwise.
    pub fn schedule(&self, partition: &Arc<Partition>, state: &mut State) {
        if state.machine.is_closed() {
            return;
        }
        let now = self.now();
        let held = partition.held();
        let rests = state.rest.lasts(now);
        state.machine.narrow(self.is_bundled_full(state));
        let wanted = match state.stall {
            None => state.workers_wanted(now, held || rests),
            Some(_) => 0,
        };
        if state.scheduled < wanted {
            for _ in state.scheduled..wanted {
                self.lanes.push(Arc::clone(partition));
            }
            state.scheduled = wanted;
            if state.machine.is_strict() {
                return;
            }
        }
        if rests {
            self.set_timer(partition, state, state.rest.until);
        }
        // What is sent already is brought to its end even while it is paused.
        let wakes = if held {
            state.machine.resend_at().filter(|at| *at > now)
        } else {
            state.machine.wake_at(now)
        };
        if let Some(at) = wakes {
            self.set_timer(partition, state, at);
        }
    }

    /// Has the partition looked at again at `at`.
    pub fn set_timer(&self, partition: &Arc<Partition>, state: &mut State, at: Duration) {
        if state.timer_at.is_none_or(|set| at < set) {
            state.timer_at = Some(at);
            self.ticker.wake_at(at, partition);
        }
    }

    /// A timer of the partition went off.
    pub fn timer(&self, partition: &Arc<Partition>) {
        let mut state = partition.lock();
        state.timer_at = None;
        state.stall = None;
        if state.wave.is_due(self.now()) {
            // Whoever has the partition meanwhile may be in a guest for long.
            self.send_wave_of(partition, state);
            return;
        }
        if let Some(at) = state.wave.due_at() {
            self.set_timer(partition, &mut state, at);
        }
        self.schedule(partition, &mut state);
    }

    /// There is room in the outbox for those that waited.
    pub fn wake_waiters(&self) {
        for partition in self.outbox.take_waiters() {
            let mut state = partition.lock();
            state.stall = None;
            self.schedule(&partition, &mut state);
        }
    }

    /// After records of a partition may have finished: frees their bytes, resumes its fetcher
    /// below half of its share (pausing throws the client's prefetch away, so not each time).
    pub fn freed(&self, partition: &Arc<Partition>, state: &mut State) {
        state.drop_finished();
        if state.room_wanted {
            partition.room.notify_one();
        }
        // Who waits for room sees it by itself, and does not pause its fetcher.
        if state.paused && !state.room_wanted && !self.is_filled(Part::HALF, state) {
            state.paused = false;
            self.resumable
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(Arc::clone(partition));
        }
        if partition.stopped() {
            self.signal_settled();
        }
    }

    /// Wakes those who wait for something of a draining partition to settle.
    pub fn signal_settled(&self) {
        let (mutex, settled) = &self.settled;
        let _guard = mutex.lock().unwrap_or_else(PoisonError::into_inner);
        settled.notify_all();
    }

    /// What the transactor shares; there is one.
    pub fn transacting(&self) -> &Transacting {
        self.transacting.as_ref().expect("it is exactly once")
    }

    /// Deliveries of a partition ended: says so to the log and to those who watch.
    pub fn tell(&self, partition: &Partition, told: &mut Vec<Told>) {
        if self.watches.any() {
            self.watches.told(partition.stay(), told);
        }
        self.lines.told(partition.plan(), partition.number(), told);
    }

    pub fn partition(&self, epoch: AssignmentEpoch) -> Option<Arc<Partition>> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table.live.get(&epoch).cloned()
    }
}

impl State {
    /// Those that have it already included.
    fn workers_wanted(&self, now: Duration, nothing_runs: bool) -> usize {
        let runnable = match nothing_runs {
            true => 0,
            false => self.machine.runnable(now),
        };
        let to_send =
            !self.unsent.is_empty() || self.wave.is_due(now) || self.machine.is_resend_due(now);
        // A worker that is in a guest may be there for long: what is to be sent needs another.
        self.machine.running() + runnable.max(usize::from(to_send))
    }
}
