//! The loop that sends and commits, if the delivery is exactly once. What workers finish enters a
//! transaction at once; every so often that is closed and committed, with the positions behind all
//! that entered. Handlers go on meanwhile, for the next one. After an abort all enters again.
//!
//! ```text
//! Idle ─begin─► Open ─due─► Closing ─no record in part─► Committing ─► Idle
//!                 └───────────┴────────── refused ───────────┴─► Aborting ─► Idle
//! ```
//!
//! The positions are sent while the last messages are still to be reported: both are answered in the
//! time of one.

mod end;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use penstock_core::partition::CommitPoint;
use penstock_core::record::AssignmentEpoch;

use crate::cell::Partition;
use crate::enter::{Entering, Sent};
use crate::machine::{Round, Rounds};
use crate::ports::{Progress, Transactions, Trouble};
use crate::shared::Shared;
use crate::transacting::Transacting;

/// Between a call that is to be repeated and the next, and after an abort that no message explains.
const AGAIN_AFTER: Duration = Duration::from_millis(50);
/// The same after the seventh such abort in a row, and every further one.
const RESTS_DOUBLED_MAX: u32 = 7;
/// The most records of a partition that enter before it is another's turn.
const TURN_RECORDS_MAX: usize = 256;

/// See the module.
pub(crate) struct Transactor {
    pub(crate) shared: Arc<Shared>,
    transactions: Box<dyn Transactions>,
    failed: Option<Box<dyn FnOnce(String) + Send>>,
    phase: Phase,
    /// Partitions that may have something that can enter.
    active: BTreeMap<AssignmentEpoch, Arc<Partition>>,
    /// The first of them whose turn it is.
    turn: AssignmentEpoch,
    /// Those that wait for a topic, until then.
    blocked: BTreeMap<AssignmentEpoch, (Arc<Partition>, Duration)>,
    /// Those that the open transaction may have something of, and what it is to commit.
    members: BTreeMap<AssignmentEpoch, (Arc<Partition>, Option<CommitPoint>)>,
    pub(crate) entering: Entering,
    begun_at: Duration,
    /// Nothing is begun before.
    rests_until: Duration,
    /// Aborts in a row that no message explains.
    aborts: u32,
}

enum Phase {
    Idle,
    Open,
    /// Nothing more enters.
    Closing,
    /// The positions are sent, then all is reported, then it is committed.
    Committing {
        progress: Vec<Progress>,
        /// It may be done, whatever was heard of it.
        asked: bool,
    },
    Aborting {
        done: bool,
    },
    Failed,
}

/// What is to be done after a step.
enum Next {
    Step,
    Sleep(Option<Duration>),
}

impl Transactor {
    /// The calling loop is the transactor.
    pub fn enter(
        shared: Arc<Shared>,
        transactions: Box<dyn Transactions>,
        failed: Box<dyn FnOnce(String) + Send>,
    ) -> Transactor {
        let waker = shared.machine.waker();
        let alone = shared.transacting().waker.set(waker);
        alone.unwrap_or_else(|_| unreachable!("one transactor an engine"));
        Transactor {
            shared,
            transactions,
            failed: Some(failed),
            phase: Phase::Idle,
            active: BTreeMap::new(),
            turn: AssignmentEpoch(0),
            blocked: BTreeMap::new(),
            members: BTreeMap::new(),
            entering: Entering::default(),
            begun_at: Duration::ZERO,
            rests_until: Duration::ZERO,
            aborts: 0,
        }
    }

    fn desk(&self) -> &Transacting {
        self.shared.transacting()
    }

    fn step(&mut self) -> Next {
        match &mut self.phase {
            Phase::Idle => self.idle(),
            Phase::Open => self.open(),
            Phase::Closing => self.close(),
            Phase::Committing { .. } => self.commit(),
            Phase::Aborting { .. } => self.abort(),
            Phase::Failed => Next::Sleep(None),
        }
    }

    /// Takes in who is listed, or may go on after having waited for a topic.
    fn gather(&mut self, now: Duration) {
        for partition in self.desk().take_ready() {
            partition.lock().bundles.listed = false;
            self.active.insert(partition.epoch(), partition);
        }
        let due = self.blocked.extract_if(.., |_, (_, at)| *at <= now);
        let due: Vec<_> = due.map(|(_, (partition, _))| partition).collect();
        for partition in due {
            self.active.insert(partition.epoch(), partition);
        }
    }

    /// When somebody who waits for a topic may go on.
    fn next_due(&self) -> Option<Duration> {
        self.blocked.values().map(|(_, at)| *at).min()
    }

    fn idle(&mut self) -> Next {
        let now = self.shared.now();
        if now < self.rests_until {
            return Next::Sleep(Some(self.rests_until));
        }
        self.gather(now);
        let blocked = &mut self.blocked;
        self.active.retain(|epoch, partition| {
            let mut state = partition.lock();
            let owes = !state.machine.is_shut() && state.machine.owes(now);
            if let Some(at) = state.machine.enters_at(now) {
                blocked.insert(*epoch, (Arc::clone(partition), at));
            }
            owes
        });
        if self.active.is_empty() {
            self.desk().hurry.store(false, Ordering::SeqCst);
            return Next::Sleep(self.next_due());
        }
        match self.transactions.begin() {
            Ok(()) => {
                self.begun_at = self.shared.now();
                self.entering.begin();
                self.phase = Phase::Open;
                Next::Step
            }
            Err(Trouble::Fatal(why)) => self.fail(why),
            Err(Trouble::Again(_) | Trouble::Abort(_)) => self.again(),
        }
    }

    fn open(&mut self) -> Next {
        if self.must_abort() {
            return self.aborts();
        }
        let now = self.shared.now();
        self.gather(now);
        let hurries = self.desk().hurry.load(Ordering::SeqCst);
        let most = if hurries {
            usize::MAX
        } else {
            TURN_RECORDS_MAX
        };
        let mut stuck = self.complete();
        // Who comes first finds the room; it is another's turn each time there was none.
        let mut active = std::mem::take(&mut self.active);
        let first = active.split_off(&self.turn);
        for (epoch, partition) in first.into_iter().chain(active) {
            self.members
                .entry(epoch)
                .or_insert_with(|| (Arc::clone(&partition), None));
            let sent = match stuck {
                None => self.send_bundles(&partition, most),
                Some(_) => Sent::More,
            };
            match sent {
                Sent::All(None) => {}
                Sent::All(Some(at)) => {
                    self.blocked.insert(epoch, (partition, at));
                }
                Sent::More => drop(self.active.insert(epoch, partition)),
                Sent::Stuck(until) => {
                    self.active.insert(epoch, partition);
                    self.turn = AssignmentEpoch(epoch.0 + 1);
                    stuck = Some(until);
                }
            }
        }
        let due_at = self.begun_at + self.desk().commit_interval;
        let is_full = self.entering.bytes() >= self.desk().bytes_max;
        if now >= due_at || is_full || hurries {
            self.desk().hurry.store(false, Ordering::SeqCst);
            self.phase = Phase::Closing;
            return Next::Step;
        }
        if self.entering.has_half_of_one() {
            // What the others have is not to wait for the next one.
            self.desk().hurry.store(true, Ordering::SeqCst);
            return Next::Step;
        }
        match stuck {
            Some(_) if !self.is_still_stuck() => Next::Step,
            Some(until) => Next::Sleep(Some(until.map_or(due_at, |until| until.min(due_at)))),
            None if self.active.is_empty() => {
                let due = self.next_due();
                Next::Sleep(Some(due.map_or(due_at, |due| due.min(due_at))))
            }
            None => Next::Step,
        }
    }

    /// A record that has entered in part enters whole, before anything else does. If there is no room
    /// for it, until when.
    fn complete(&mut self) -> Option<Option<Duration>> {
        let partition = self.entering.partition()?;
        match self.send_bundles(&partition, 0) {
            Sent::Stuck(until) => Some(until),
            Sent::All(_) | Sent::More => None,
        }
    }

    /// Whether there was no room even after each report began to be listened for, and there may be
    /// some.
    fn is_still_stuck(&self) -> bool {
        let desk = self.desk();
        desk.awaits.swap(true, Ordering::SeqCst) && !desk.doomed.load(Ordering::SeqCst)
    }

    fn close(&mut self) -> Next {
        if self.must_abort() {
            return self.aborts();
        }
        match self.complete() {
            Some(until) if self.is_still_stuck() => return Next::Sleep(until),
            Some(_) => return Next::Step,
            None => {}
        }
        let mut progress = Vec::new();
        let mut abandoned = false;
        for (partition, next) in self.members.values_mut() {
            let mut state = partition.lock();
            // It was shut since that was looked for: what it has sent would be committed without its
            // position.
            abandoned |= state.machine.is_shut() && state.machine.is_held();
            *next = state.machine.take_progress();
            progress.extend(next.as_ref().map(|point| Progress {
                topic: Arc::clone(partition.topic()),
                partition: partition.number(),
                next: point.next,
                metadata: partition.metadata(point),
            }));
        }
        // Nor what a stay has sent that is closed by now.
        if abandoned || self.desk().doomed.load(Ordering::SeqCst) {
            return self.aborts();
        }
        self.phase = Phase::Committing {
            progress,
            asked: false,
        };
        Next::Step
    }

    fn must_abort(&self) -> bool {
        let desk = self.desk();
        if desk.look.swap(false, Ordering::SeqCst) {
            let mut members = self.members.values();
            let abandoned = members.any(|(partition, _)| {
                let state = partition.lock();
                state.machine.is_shut() && state.machine.is_held()
            });
            if abandoned {
                desk.doomed.store(true, Ordering::SeqCst);
            }
        }
        desk.doomed.load(Ordering::SeqCst)
    }
}

impl Rounds for Transactor {
    fn round(&mut self, wait: bool) -> Round {
        if self.desk().stopped.load(Ordering::SeqCst) {
            return Round::Over;
        }
        self.desk().looks();
        let Next::Sleep(until) = self.step() else {
            return Round::Again;
        };
        if !self.desk().may_sleep() {
            return Round::Again;
        }
        if !wait {
            return Round::Asleep(until);
        }
        match until {
            Some(at) => std::thread::park_timeout(at.saturating_sub(self.shared.now())),
            None => std::thread::park(),
        }
        Round::Again
    }
}
