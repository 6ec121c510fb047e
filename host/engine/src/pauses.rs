//! Pauses on purpose: nothing new of what is paused runs, and what is sent is brought to its end.
//! Fetching goes on until the buffer is full.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use penstock_core::pauses::{Pause, Pauses, Scope, TooManyPauses};

use crate::cell::Partition;
use crate::engine::Engine;
use crate::shared::Shared;

impl Engine {
    /// Pauses, until its time is over; kept over rebalances, and for what is not here yet.
    ///
    /// # Errors
    /// There are too many pauses.
    pub fn pause(&self, pause: Pause) -> Result<(), TooManyPauses> {
        let shared = &self.shared;
        let mut pauses = shared.pauses();
        pauses.set(pause.clone())?;
        tracing::info!(
            until_ms = pause.until_ms,
            why = pause.why,
            "{} is paused",
            pause.scope
        );
        shared.apply(&pauses);
        shared.set_end(&pauses);
        Ok(())
    }

    /// Ends a pause before its time; whether there was one.
    pub fn resume(&self, scope: &Scope) -> bool {
        let mut pauses = self.shared.pauses();
        let lifted = pauses.lift(scope);
        if let Some(pause) = &lifted {
            tracing::info!(why = pause.why, "{} goes on", pause.scope);
            self.shared.apply(&pauses);
        }
        lifted.is_some()
    }

    /// Whether this can be paused: a topic that is read or still to come, a handler that is called.
    ///
    /// # Errors
    /// What there is instead.
    pub fn knows(&self, scope: &Scope) -> Result<(), String> {
        let topics = &self.shared.topics;
        // A handler may be that of several topics.
        let (wanted, there): (&str, BTreeSet<&str>) = match scope {
            Scope::Topic(topic) | Scope::Partition(topic, _) => (topic, topics.names().collect()),
            Scope::Handler(handler) => (handler, topics.handlers().collect()),
        };
        if there.contains(wanted) {
            return Ok(());
        }
        let there = Vec::from_iter(there).join(", ");
        Err(format!("there is no {wanted} here, but {there}"))
    }

    /// What is paused.
    pub fn pauses(&self) -> Pauses {
        self.shared.pauses().clone()
    }
}

impl Shared {
    fn pauses(&self) -> MutexGuard<'_, Pauses> {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A stay begins: after it is in the table, so that no pause misses it.
    pub fn hold_if_paused(&self, partition: &Partition) {
        let pauses = self.pauses();
        partition
            .held
            .store(pauses.covering_of(partition).is_some(), Ordering::Relaxed);
    }

    /// Those whose time is over end, and say so.
    pub fn end_pauses(&self) {
        let mut pauses = self.pauses();
        let over = pauses.expire(self.machine.wall_ms());
        for pause in &over {
            tracing::info!(
                why = pause.why,
                "{} goes on by itself: the time of its pause is over",
                pause.scope
            );
        }
        if !over.is_empty() {
            self.apply(&pauses);
        }
        self.set_end(&pauses);
    }

    fn set_end(&self, pauses: &Pauses) {
        if let Some(end_ms) = pauses.next_end_ms() {
            let left = u64::try_from(end_ms - self.machine.wall_ms()).unwrap_or(0);
            self.ticker
                .pause_ends_at(self.now() + Duration::from_millis(left));
        }
    }

    /// Holds and lets go what the pauses say.
    fn apply(&self, pauses: &Pauses) {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let mut live: Vec<Arc<Partition>> = table.live.values().cloned().collect();
        drop(table);
        // The table has no order, and the queue had better have one.
        live.sort_unstable_by_key(|partition| partition.epoch());
        for partition in live {
            let held = pauses.covering_of(&partition).is_some();
            if partition.held.swap(held, Ordering::Relaxed) != held {
                let mut state = partition.lock();
                self.schedule(&partition, &mut state);
            }
        }
    }
}

/// What the pauses say of a stay.
pub(crate) trait CoveringOf {
    /// The pause that holds it.
    fn covering_of(&self, partition: &Partition) -> Option<&Pause>;
}

impl CoveringOf for Pauses {
    fn covering_of(&self, partition: &Partition) -> Option<&Pause> {
        let handlers = partition.plan().handlers.iter();
        let handlers: Vec<&str> = handlers.map(|of| &*of.name).collect();
        self.covering(partition.topic(), partition.number(), &handlers)
    }
}
