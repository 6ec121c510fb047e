//! What readiness and `/status` ask of the group.

use std::sync::{Mutex, PoisonError};

/// How this host stands in its group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupState {
    /// The start positions are committed and the topics subscribed.
    pub subscribed: bool,
    /// The group has taken this host in, with partitions or, as a standby, without.
    pub member: bool,
    /// As which member it was taken in last.
    pub member_id: Option<String>,
    /// Partitions that are ours.
    pub assigned: usize,
    /// Assignments and revocations so far.
    pub rebalances: u64,
    /// A rebalance is being answered, or a reset carried out.
    pub busy: bool,
    /// Revocations so far that came too late to commit.
    pub lost: u64,
    /// Milliseconds since 1970 of the latest assignment or revocation.
    pub last_rebalance_ms: Option<i64>,
    /// The error that ended consuming for good.
    pub fatal: Option<String>,
}

/// Written by the poll thread, read by anybody.
#[derive(Debug, Default)]
pub struct Shared(Mutex<GroupState>);

impl Shared {
    /// As it is now.
    pub fn get(&self) -> GroupState {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether the group has taken this host in.
    pub fn is_member(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).member
    }

    /// Whether this host asks to be taken in, and is not.
    pub fn is_outside(&self) -> bool {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.subscribed && !state.member
    }

    /// Changes it.
    pub fn update(&self, change: impl FnOnce(&mut GroupState)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
