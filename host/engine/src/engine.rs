//! The handle by which sources feed the engine and everybody else looks at it.

use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use penstock_core::conditions::Conditions;
use penstock_core::partition::HandedBack;
use penstock_core::record::{AssignmentEpoch, NextOffset};
use penstock_core::watch::Step;

use crate::cell::Partition;
use crate::hands::Hands;
use crate::lanes::Lanes;
use crate::lines::Lines;
use crate::machine::Machine;
use crate::outbox::Outbox;
use crate::plan::{Settings, TopicPlan, Topics};
use crate::ports::{EpochClock, Sink};
use crate::shared::{Shared, Table};
use crate::ticker::{self, Ticker};
use crate::topics::Slots;
use crate::transacting::Transacting;
use crate::waiting::Waiting;
use crate::watches::{Matches, Watches};

/// Runs partitions' records through their handlers and hands the outputs to the sink.
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
    ticker: Mutex<Option<JoinHandle<()>>>,
}

impl Engine {
    /// Starts the worker threads.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    ///
    /// # Panics
    /// If a topic has more than [`crate::token::HANDLERS_MAX`] handlers; the configuration's
    /// check is the place to say so.
    pub fn start(
        settings: Settings,
        topics: impl Into<Topics>,
        sink: Arc<dyn Sink>,
        clock: Arc<dyn EpochClock>,
        conditions: Arc<Mutex<Conditions>>,
    ) -> std::io::Result<Arc<Engine>> {
        let started = Instant::now();
        let machine = Machine::System { started };
        Engine::start_on(machine, settings, topics.into(), sink, clock, conditions)
    }

    /// As [`Engine::start`], but its loops run and its time passes as `hands` are told.
    ///
    /// # Panics
    /// As [`Engine::start`].
    pub fn start_by_hand(
        hands: Arc<Hands>,
        settings: Settings,
        topics: impl Into<Topics>,
        sink: Arc<dyn Sink>,
        clock: Arc<dyn EpochClock>,
        conditions: Arc<Mutex<Conditions>>,
    ) -> Arc<Engine> {
        let machine = Machine::ByHand(hands);
        Engine::start_on(machine, settings, topics.into(), sink, clock, conditions)
            .expect("hands take on any number of loops")
    }

    fn start_on(
        machine: Machine,
        settings: Settings,
        topics: Topics,
        sink: Arc<dyn Sink>,
        clock: Arc<dyn EpochClock>,
        conditions: Arc<Mutex<Conditions>>,
    ) -> std::io::Result<Arc<Engine>> {
        let shared = Arc::new(Shared {
            topics: Slots::new(topics),
            sink,
            clock,
            machine,
            table: RwLock::new(Table::default()),
            live: AtomicUsize::new(0),
            abandoned: AtomicU64::new(0),
            next_epoch: AtomicU32::new(1),
            lanes: Lanes::new(settings.workers),
            ticker: Ticker::default(),
            outbox: Outbox::new(settings.outbox_bytes),
            waves: Waiting::default(),
            transacting: Transacting::new(settings.delivery),
            spares: Arc::default(),
            lines: Lines::new(settings.record_lines),
            watches: Watches::default(),
            resumable: Mutex::default(),
            conditions,
            pauses: Mutex::default(),
            settled: Default::default(),
            settings,
        });
        let for_ticker = Arc::clone(&shared);
        let ticker = shared
            .machine
            .start("ticker".into(), || ticker::Loop::enter(for_ticker))?;
        shared.lanes.start(&shared);
        Ok(Arc::new(Engine {
            shared,
            ticker: Mutex::new(ticker),
        }))
    }

    /// A topic that was to come has its plan: its partitions may be assigned from now on.
    ///
    /// # Panics
    /// As [`Engine::start`]; and if no such topic was to come.
    pub fn plan(&self, topic: TopicPlan) {
        self.shared.topics.set(topic);
    }

    /// A partition is ours from now on, read from `start`; a new epoch.
    ///
    /// # Panics
    /// If no such topic is planned.
    pub fn assign(&self, topic: &str, partition: i32, start: NextOffset) -> Arc<Partition> {
        let shared = &self.shared;
        let topic = shared.topics.get(topic);
        let topic = topic.expect("only planned topics are subscribed to");
        let epoch = AssignmentEpoch(shared.next_epoch.fetch_add(1, Ordering::Relaxed));
        let partition = Arc::new(Partition::new(
            Arc::clone(shared),
            Arc::clone(topic),
            partition,
            epoch,
            start,
        ));
        let mut table = shared.table.write().unwrap_or_else(PoisonError::into_inner);
        table.live.insert(epoch, Arc::clone(&partition));
        shared.live.store(table.live.len(), Ordering::Relaxed);
        drop(table);
        shared.hold_if_paused(&partition);
        partition
    }

    /// Partitions paused by [`Partition::fetched`] that have room again.
    pub fn take_resumable(&self) -> Vec<Arc<Partition>> {
        let resumable = &self.shared.resumable;
        std::mem::take(&mut *resumable.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Stops the intake of these partitions and waits until nothing of them is running or
    /// unacknowledged, at most until `deadline`. Whether that was reached.
    pub fn drain(&self, partitions: &[Arc<Partition>], deadline: Instant) -> bool {
        for partition in partitions {
            partition.stop.store(true, Ordering::SeqCst);
            self.shared.drain(partition);
        }
        let (mutex, settled) = &self.shared.settled;
        let mut guard = mutex.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            // The guard is held while looking, so that no signal is missed; those who signal hold
            // a partition's lock, hence `try_lock`: a held lock is somebody at work.
            let quiet = partitions.iter().all(|partition| {
                partition
                    .state
                    .try_lock()
                    .is_ok_and(|state| state.machine.is_quiet())
            });
            let left = deadline.saturating_duration_since(Instant::now());
            if quiet || left.is_zero() {
                return quiet;
            }
            // A worker may let its lock go without a signal of its own: look again soon.
            guard = settled
                .wait_timeout(guard, left.min(std::time::Duration::from_millis(5)))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Ends these partitions' epochs: what comes late is discarded, what is unfinished counts as
    /// handed back.
    pub fn close(&self, partitions: &[Arc<Partition>]) -> HandedBack {
        let shared = &self.shared;
        let mut table = shared.table.write().unwrap_or_else(PoisonError::into_inner);
        let mut total = HandedBack::default();
        for partition in partitions {
            if table.live.remove(&partition.epoch()).is_none() {
                continue;
            }
            partition.stop.store(true, Ordering::SeqCst);
            let mut state = partition.lock();
            if shared.watches.any() {
                shared.watches.closed(partition.stay());
            }
            if let Some(transacting) = &shared.transacting
                && state.machine.is_held()
            {
                // It could only commit what this stay has sent without its position.
                transacting.doomed.store(true, Ordering::SeqCst);
            }
            let back = state.machine.close();
            total.deliveries += back.deliveries;
            total.abandoned += back.abandoned;
            shared
                .abandoned
                .fetch_add(back.abandoned, Ordering::Relaxed);
            partition.retract(&mut state);
            state.clear();
            for (handler, ledger) in state.machine.ledgers().iter().enumerate() {
                *table
                    .ended
                    .entry((partition.topic.index, handler))
                    .or_default() += *ledger;
            }
        }
        shared.live.store(table.live.len(), Ordering::Relaxed);
        total
    }

    /// Deliveries so far that were running, or sent and not acknowledged, when their stay ended.
    pub fn abandoned(&self) -> u64 {
        self.shared.abandoned.load(Ordering::Relaxed)
    }

    /// Live partitions, in no order.
    pub fn partitions(&self) -> Vec<Arc<Partition>> {
        let table = &self.shared.table;
        let table = table.read().unwrap_or_else(PoisonError::into_inner);
        table.live.values().cloned().collect()
    }

    /// Watches records of a topic, also one that is still to come, from now on; the watch's number. It is forgotten when nobody asks
    /// for ten seconds. `None`: there is no such topic, or as many watches as allowed.
    pub fn watch(&self, topic: &str, matches: Matches) -> Option<u64> {
        let index = self.shared.topics.index(topic)?;
        self.shared.watches.open(index, matches)
    }

    /// The steps of a watch from the one numbered `from`, counted from 0, on; waits at most `wait`
    /// for the first. `None`: there is no such watch any more.
    pub fn watched(&self, watch: u64, from: usize, wait: Duration) -> Option<Vec<Step>> {
        self.shared.watches.steps(watch, from, wait)
    }

    /// What is wrong right now.
    pub fn conditions(&self) -> &Arc<Mutex<Conditions>> {
        &self.shared.conditions
    }

    /// Ends the threads; those in a guest call are left to it.
    pub fn stop(&self) {
        self.shared.ticker.stop();
        self.shared.lanes.stop();
        if let Some(transacting) = &self.shared.transacting {
            transacting.stop();
        }
        // A call of the transactor's may take longer than a shutdown has time for.
        let mut ticker = self.ticker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ticker) = ticker.take()
            && ticker.join().is_err()
        {
            tracing::error!("the ticker thread panicked");
        }
    }
}
