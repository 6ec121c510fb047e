//! Exactly once, as sources see it: a partition is given up once no transaction holds it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::cell::Partition;
use crate::engine::Engine;
use crate::ports::Transactions;
use crate::transactor::Transactor;

/// Between two looks, should a signal be missed.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(5);

/// How the work of partitions that are to be given up has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// All that they had finished is committed; or there are no transactions, and that is for the
    /// source to do.
    Committed,
    /// What was not committed in time is undone, for the next owner to do.
    Aborted,
    /// The producer is of no more use: nothing more is committed, and the process is about to end.
    Failed,
}

impl Engine {
    /// Has outputs, dead letters and offsets sent and committed by these transactions from now on.
    /// `failed` is called once nothing more can be committed: the process has to end, with an error.
    ///
    /// Nothing is sent before this is called, if the settings say exactly once. Otherwise this does
    /// nothing.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn transact(
        &self,
        transactions: Box<dyn Transactions>,
        failed: Box<dyn FnOnce(String) + Send>,
    ) -> std::io::Result<()> {
        if self.shared.transacting.is_none() {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let enter = || Transactor::enter(shared, transactions, failed);
        self.shared.machine.start("transactor".into(), enter)?;
        Ok(())
    }

    /// After [`Engine::drain`]: has what these partitions have finished committed now, and waits for
    /// it until `deadline`; then has it undone, and waits for the end of that, which takes as long as
    /// the calls of [`Transactions`] do. No transaction holds any of them afterwards, nor will one.
    ///
    /// At least once, this returns at once.
    pub fn settle(&self, partitions: &[Arc<Partition>], deadline: Instant) -> Settled {
        loop {
            let late = Instant::now() >= deadline;
            if let Some(settled) = self.settling(partitions, late) {
                return settled;
            }
            let (mutex, settled) = &self.shared.settled;
            let guard = mutex.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = settled.wait_timeout(guard, LOOK_AGAIN_AFTER);
            drop(waited);
        }
    }

    /// One look at what [`Engine::settle`] waits for; `None`: it is not over. `late` has it undone.
    pub fn settling(&self, partitions: &[Arc<Partition>], late: bool) -> Option<Settled> {
        let Some(transacting) = &self.shared.transacting else {
            return Some(Settled::Committed);
        };
        if transacting.failed.load(Ordering::SeqCst) {
            return Some(Settled::Failed);
        }
        let now = self.shared.now();
        let (mut is_over, mut is_undone) = (true, false);
        for partition in partitions {
            let mut state = partition.lock();
            let is_held = state.machine.is_held();
            let owes = state.machine.owes(now) && (late || !state.machine.is_shut());
            if owes {
                self.shared.list(partition, &mut state);
            }
            if late || !(is_held || owes) {
                // What a worker finishes from now on is the next owner's.
                state.machine.shut();
            }
            is_over &= !is_held && (late || !owes);
            is_undone |= owes;
        }
        if is_over {
            return Some(match is_undone {
                true => Settled::Aborted,
                false => Settled::Committed,
            });
        }
        let ask = if late {
            &transacting.look
        } else {
            &transacting.hurry
        };
        ask.store(true, Ordering::SeqCst);
        transacting.signal();
        None
    }

    /// The group gave these partitions away: the transaction that holds any of them is aborted, and
    /// its end awaited. If its commit is under way already, that end is: the group lets no offsets of
    /// another generation through.
    ///
    /// At least once, this returns at once.
    pub fn abandon(&self, partitions: &[Arc<Partition>]) -> Settled {
        self.settle(partitions, Instant::now())
    }
}
