//! What becomes of a record, from its first call to its verdict. The waits between the calls are
//! counted and not waited for.

use std::time::Duration;

use penstock_core::decide::Decision;
use penstock_core::record::Record;
use penstock_core::verdict::Failure;
use penstock_engine::ports::Call;

use super::{Bench, Tried};

/// Calls of one record. A policy may allow a million, which shows no more than these.
const CALLS_MAX: u32 = 1000;

/// A record's way through its handler.
#[derive(Debug)]
pub struct Delivery {
    /// The calls after which it was to be called again: after how long, and why.
    pub retries: Vec<(Duration, Failure)>,
    /// The last call. Its decision is to call again only if there were too many calls before it.
    pub last: Tried,
    /// What all calls took.
    pub time: Duration,
    /// The most memory that the handler had, in bytes.
    pub memory_bytes: u64,
}

impl Bench<'_> {
    /// Passes a record of a partition through until its verdict.
    pub fn deliver(&self, partition: i32, record: &Record<'_>) -> Delivery {
        let mut retries = Vec::new();
        let mut waited = Duration::ZERO;
        let mut time = Duration::ZERO;
        let mut memory_bytes = 0;
        for attempt in 1.. {
            let last = self.call_after(waited, Call { partition, attempt }, record);
            time += last.time;
            memory_bytes = memory_bytes.max(last.memory_bytes);
            match &last.decision {
                Decision::Again { after, why, .. } if attempt < CALLS_MAX => {
                    waited += *after;
                    retries.push((*after, Failure::clone(why)));
                }
                _ => {
                    return Delivery {
                        retries,
                        last,
                        time,
                        memory_bytes,
                    };
                }
            }
        }
        unreachable!("calls are bounded")
    }
}
