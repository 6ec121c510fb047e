//! Exactly once, as sources see it: a partition is given up once no transaction holds it.

use std::sync::Arc;
use std::time::Instant;

use crate::cell::Partition;
use crate::engine::Engine;
use crate::ports::Transactions;

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
    /// # Errors
    /// When the operating system gives no thread.
    pub fn transact(
        &self,
        transactions: Box<dyn Transactions>,
        failed: Box<dyn FnOnce(String) + Send>,
    ) -> std::io::Result<()> {
        drop(transactions);
        failed("exactly once is not there yet".to_owned());
        Ok(())
    }

    /// After [`Engine::drain`]: has what these partitions have finished committed now, and waits for
    /// it until `deadline`; then has it undone, and waits for the end of that, which takes as long as
    /// the calls of [`Transactions`] do. No transaction holds any of them afterwards.
    ///
    /// At least once, this returns at once.
    pub fn settle(&self, partitions: &[Arc<Partition>], deadline: Instant) -> Settled {
        loop {
            let late = Instant::now() >= deadline;
            if let Some(settled) = self.settling(partitions, late) {
                return settled;
            }
        }
    }

    /// One look at what [`Engine::settle`] waits for; `None`: it is not over. `late` has it undone.
    pub fn settling(&self, _partitions: &[Arc<Partition>], _late: bool) -> Option<Settled> {
        Some(Settled::Committed)
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
