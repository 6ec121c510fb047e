//! What `/status` asks of the transactions.

use std::sync::{Mutex, PoisonError};

use crate::latch::now_ms;

/// How the transactions of this host get on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransactionState {
    /// The transactional id.
    pub id: String,
    /// Milliseconds since 1970 at which the open one was begun; `None` if none is open.
    pub open_since_ms: Option<i64>,
    /// Committed so far.
    pub committed: u64,
    /// Aborted so far.
    pub aborted: u64,
    /// Milliseconds since 1970 of the last commit.
    pub last_commit_ms: Option<i64>,
    /// Why the last step was not done, until a commit is.
    pub waits_for: Option<String>,
}

/// Written by the engine's transactor, read by anybody.
#[derive(Debug)]
pub(super) struct Shared(Mutex<TransactionState>);

impl Shared {
    pub(super) fn new(id: &str) -> Shared {
        Shared(Mutex::new(TransactionState {
            id: id.to_owned(),
            ..TransactionState::default()
        }))
    }

    pub(super) fn get(&self) -> TransactionState {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn begun(&self) {
        self.update(|state| state.open_since_ms = Some(now_ms()));
    }

    pub(super) fn committed(&self) {
        self.update(|state| {
            state.committed += 1;
            state.last_commit_ms = Some(now_ms());
            (state.open_since_ms, state.waits_for) = (None, None);
        });
    }

    pub(super) fn aborted(&self) {
        self.update(|state| {
            state.aborted += 1;
            state.open_since_ms = None;
        });
    }

    pub(super) fn waits(&self, why: Option<&str>) {
        self.update(|state| state.waits_for = why.map(str::to_owned));
    }

    fn update(&self, change: impl FnOnce(&mut TransactionState)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
