//! Says it once when keys begin to wait apart from the others, when no more may, and when either is
//! over.

use std::time::Duration;

use penstock_core::codes::Code;

use crate::cell::{Partition, State};

/// Keys that come and go are not told more often.
const QUIET: Duration = Duration::from_secs(10);

/// What was said of a partition's parked keys.
#[derive(Default)]
pub(crate) struct Parking {
    /// That there are some.
    said: bool,
    /// When that was said last.
    said_at: Option<Duration>,
    /// Since when there is no room, as was said.
    full_since: Option<Duration>,
}

impl Parking {
    pub fn full_since(&self) -> Option<Duration> {
        self.full_since
    }
}

impl Partition {
    /// After anything that may have parked a record, or taken one out.
    pub(crate) fn announce_parking(&self, state: &mut State) {
        self.announce_keys(state);
        self.announce_full(state);
    }

    fn announce_keys(&self, state: &mut State) {
        let keys = state.machine.parked().keys;
        if (keys > 0) == state.parking.said {
            return;
        }
        let now = self.shared.now();
        let soon = |at: Duration| now.saturating_sub(at) < QUIET;
        if keys > 0 && state.parking.said_at.is_some_and(soon) {
            return;
        }
        let partition = self.subject();
        state.parking.said = keys > 0;
        if keys == 0 {
            tracing::info!(partition, "no key is parked any more");
            return;
        }
        state.parking.said_at = Some(now);
        let longest = state.machine.longest_parked();
        let (handler, failure) = longest.as_ref().and_then(|of| of.why).unzip();
        tracing::warn!(
            partition,
            offset = longest.as_ref().map(|of| of.offset.0),
            handler = handler.map(|index| &*self.plan().handlers[index].name),
            code = failure.map(|of| of.code().as_str()),
            "a record is tried again, and its key waits with it; other keys go on, and the \
             committed offset stays before it"
        );
    }

    fn announce_full(&self, state: &mut State) {
        let Some(since) = state.parking.full_since else {
            if let Some(offset) = state.machine.park_is_full_for() {
                state.parking.full_since = Some(self.shared.now());
                let parked = state.machine.parked();
                let text = format!(
                    "as much is parked as may be ({} keys, {} records, {} bytes): record {offset} \
                     and what comes after it wait until a parked key goes on. Mend what fails, or \
                     raise `parking`",
                    parked.keys, parked.records, parked.bytes
                );
                let (code, partition) = (Code::ParkingFull, self.subject());
                let wall_ms = self.shared.machine.wall_ms();
                self.conditions().raise(code, &partition, &text, wall_ms);
                let offset = offset.0;
                tracing::error!(code = code.as_str(), partition, offset, "{text}");
            }
            return;
        };
        // Not with each record that comes and goes.
        if state.machine.park_is_full_for().is_none() && state.machine.park_has_room() {
            self.retract_parking(state);
            let held_ms = self.shared.now().saturating_sub(since).as_millis() as u64;
            let (code, partition) = (Code::ParkingFull.as_str(), self.subject());
            tracing::info!(
                code,
                partition,
                held_ms,
                "there is room for parked keys again"
            );
        }
    }

    /// Forgets what was said of no room.
    pub(crate) fn retract_parking(&self, state: &mut State) {
        if state.parking.full_since.take().is_some() {
            self.conditions().clear(Code::ParkingFull, &self.subject());
        }
    }
}
