//! What the host keeps beside a running guest: the store's data.

use std::sync::Arc;

use penstock_core::config::HandlerLimits;
use penstock_core::record::Offset;
use sha2::{Digest, Sha256};

use crate::deadline::Deadline;
use crate::log::Log;
use crate::memory::Memory;
use crate::outputs::Outputs;
use crate::wasi::Wasi;

/// Whom a guest works for.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) handler: Arc<str>,
    pub(crate) topic: Arc<str>,
    /// `None` while it is described, started or configured.
    pub(crate) record: Option<CurrentRecord>,
}

/// The record in hand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CurrentRecord {
    pub(crate) partition: i32,
    pub(crate) offset: Offset,
    /// Milliseconds since 1970; 0 where the record has none.
    pub(crate) now_ms: i64,
    pub(crate) attempt: u32,
}

/// The store's data.
pub(crate) struct State {
    pub(crate) origin: Origin,
    pub(crate) deadline: Deadline,
    pub(crate) memory: Memory,
    pub(crate) log: Log,
    pub(crate) outputs: Outputs,
    pub(crate) wasi: Wasi,
}

impl State {
    pub(crate) fn new(
        handler: Arc<str>,
        topic: Arc<str>,
        limits: &HandlerLimits,
        declared_outputs: u32,
    ) -> Self {
        State {
            origin: Origin {
                handler,
                topic,
                record: None,
            },
            deadline: Deadline::new(limits.deadline),
            memory: Memory::new(limits.memory_bytes),
            log: Log::new(limits.log_lines, limits.log_bytes),
            outputs: Outputs::new(declared_outputs, limits.outputs, limits.output_bytes),
            wasi: Wasi::default(),
        }
    }

    /// A record is taken up.
    pub(crate) fn take_up(&mut self, record: CurrentRecord) {
        self.wasi.take_up(record.now_ms);
        self.origin.record = Some(record);
    }

    /// A new call.
    pub(crate) fn begin(&mut self) {
        self.memory.forget_refusal();
        self.log.begin();
        self.wasi.begin();
    }

    /// The call is over: what it has yet to log is logged.
    pub(crate) fn end(&mut self) {
        self.wasi.end(&mut self.log, &self.origin);
        self.log.end(&self.origin);
    }
}

impl Origin {
    /// The same for the same handler, topic, partition and offset, on any host, for ever: ids
    /// that handlers derive from it depend on it.
    pub(crate) fn seed(&self) -> (u64, u64) {
        let (partition, offset) = self
            .record
            .map_or((-1, -1), |record| (record.partition, record.offset.0));
        let mut hash = Sha256::new();
        for name in [&self.handler, &self.topic] {
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(name.as_bytes());
        }
        hash.update(partition.to_le_bytes());
        hash.update(offset.to_le_bytes());
        let digest = hash.finalize();
        let word = |at: usize| {
            let bytes = digest[at..at + 8].try_into().expect("eight bytes");
            u64::from_le_bytes(bytes)
        };
        (word(0), word(8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(handler: &str, topic: &str, partition: i32, offset: i64) -> (u64, u64) {
        let record = CurrentRecord {
            partition,
            offset: Offset(offset),
            now_ms: 0,
            attempt: 1,
        };
        let origin = Origin {
            handler: handler.into(),
            topic: topic.into(),
            record: Some(record),
        };
        origin.seed()
    }

    #[test]
    fn the_seed_is_a_promise() {
        // Ids out in the world were derived from it: this value must never change.
        let seed = seed("h", "t", 1, 2);
        assert_eq!(
            seed,
            (15_493_586_672_915_887_533, 3_843_373_028_694_876_773)
        );
    }

    #[test]
    fn each_coordinate_changes_the_seed() {
        let one = seed("h", "t", 1, 2);
        for other in [
            seed("i", "t", 1, 2),
            seed("h", "u", 1, 2),
            seed("h", "t", 0, 2),
            seed("h", "t", 1, 3),
            seed("ht", "", 1, 2),
        ] {
            assert_ne!(one, other);
        }
    }
}
