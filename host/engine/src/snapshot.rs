//! The engine at one moment. Each partition is read under its own lock and none ends meanwhile,
//! so every ledger in it balances.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;

use penstock_core::codes::Code;
use penstock_core::ledger::Ledger;
use penstock_core::partition::Wait;
use penstock_core::pauses::{Pause, Pauses, Scope};
use penstock_core::status::{ParkedStatus, PartitionStatus, WaitStatus};

use crate::cell::{Partition, StallKind, State};
use crate::engine::Engine;
use crate::pauses::CoveringOf;
use crate::times::CallTimes;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Live partitions, by topic and number.
    pub partitions: Vec<PartitionStatus>,
    /// Each handler of each topic.
    pub handlers: Vec<HandlerAccount>,
    /// Bytes sent and not acknowledged.
    pub outbox_bytes: u64,
    /// What is paused on purpose.
    pub pauses: Vec<Pause>,
}

/// A handler of a topic, since the start, ended stays included.
#[derive(Debug, Clone)]
pub struct HandlerAccount {
    /// The topic.
    pub topic: String,
    /// The handler's configured name.
    pub handler: String,
    /// Its deliveries.
    pub ledger: Ledger,
    /// Its calls.
    pub times: CallTimes,
}

impl Engine {
    /// What there is to see now.
    pub fn snapshot(&self) -> Snapshot {
        let shared = &self.shared;
        let now = shared.now();
        // Before the table, as always.
        let pauses = self.pauses();
        let table = shared.table.read().unwrap_or_else(PoisonError::into_inner);
        let mut ledgers: BTreeMap<(usize, usize), Ledger> = table
            .ended
            .iter()
            .map(|(key, ledger)| (*key, *ledger))
            .collect();
        let mut partitions = Vec::with_capacity(table.live.len());
        for partition in table.live.values() {
            let state = partition.lock();
            for (handler, ledger) in state.machine.ledgers().iter().enumerate() {
                *ledgers.entry((partition.topic.index, handler)).or_default() += *ledger;
            }
            partitions.push(status(partition, &state, &pauses, now));
        }
        drop(table);
        partitions.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
        let handlers = shared.topics.planned().flat_map(|topic| {
            let ledgers = &ledgers;
            topic
                .plan
                .handlers
                .iter()
                .enumerate()
                .map(move |(handler, plan)| HandlerAccount {
                    topic: topic.plan.name.to_string(),
                    handler: plan.name.to_string(),
                    ledger: ledgers
                        .get(&(topic.index, handler))
                        .copied()
                        .unwrap_or_default(),
                    times: topic.times[handler].read(),
                })
        });
        Snapshot {
            partitions,
            handlers: handlers.collect(),
            outbox_bytes: shared.outbox.in_flight_bytes(),
            pauses: pauses.iter().cloned().collect(),
        }
    }
}

fn status(partition: &Partition, state: &State, pauses: &Pauses, now: Duration) -> PartitionStatus {
    let position = state.machine.position().0;
    let end = state.watermarks.map(|(_, end)| end);
    PartitionStatus {
        topic: partition.topic().to_string(),
        partition: partition.number(),
        epoch: partition.epoch().0,
        position,
        committed: state.machine.last_committed().map(|next| next.0),
        end,
        // What arrived since the end was asked for is no negative lag.
        lag: end.map(|end| (end - position).max(0)),
        unfinished: state.machine.unfinished() as u64,
        buffered_bytes: state.batches.bytes() as u64,
        oldest_open_ms: state
            .machine
            .oldest_open()
            .map(|begun| now.saturating_sub(begun).as_millis() as u64),
        paused: state.paused,
        waits: paused(partition, pauses).or_else(|| waits(partition, state, now)),
        parked: parked(partition, state, now),
    }
}

fn parked(partition: &Partition, state: &State, now: Duration) -> Option<ParkedStatus> {
    let parked = state.machine.parked();
    if parked.keys == 0 {
        return None;
    }
    let longest = state.machine.longest_parked();
    let (handler, failure) = longest.as_ref().and_then(|of| of.why).unzip();
    Some(ParkedStatus {
        keys: parked.keys as u64,
        records: parked.records as u64,
        bytes: parked.bytes,
        offset: longest.as_ref().map(|of| of.offset.0),
        handler: handler.map(|index| partition.plan().handlers[index].name.to_string()),
        code: failure.map(|of| of.code().to_string()),
        for_ms: longest.map_or(0, |of| now.saturating_sub(of.since).as_millis() as u64),
    })
}

/// Paused on purpose, which is to be known before anything else.
fn paused(partition: &Partition, pauses: &Pauses) -> Option<WaitStatus> {
    let pause = pauses.covering_of(partition)?;
    let now_ms = partition.shared.machine.wall_ms();
    Some(WaitStatus {
        kind: "paused".into(),
        code: None,
        offset: None,
        handler: match &pause.scope {
            Scope::Handler(handler) => Some(handler.clone()),
            Scope::Topic(_) | Scope::Partition(..) => None,
        },
        text: pause.text(),
        for_ms: u64::try_from(now_ms - pause.since_ms).unwrap_or(0),
    })
}

fn waits(partition: &Partition, state: &State, now: Duration) -> Option<WaitStatus> {
    let for_ms = |since: Duration| now.saturating_sub(since).as_millis() as u64;
    let since_begun = state.machine.oldest_open().map_or(0, for_ms);
    let handler_name = |handler: usize| partition.plan().handlers[handler].name.to_string();
    match state.machine.wait() {
        Some(Wait::Halted {
            offset,
            handler,
            why,
        }) => Some(WaitStatus {
            kind: "halted".into(),
            code: Some(Code::Halted.to_string()),
            offset: Some(offset.0),
            handler: Some(handler_name(handler)),
            text: format!("{}: {}", why.code(), why.headline()),
            for_ms: since_begun,
        }),
        Some(Wait::Unwritable {
            code,
            topic,
            why,
            since,
        }) => Some(WaitStatus {
            kind: if code == Code::DeadLetterUnwritable {
                "dead-letter"
            } else {
                "output"
            }
            .into(),
            code: Some(code.to_string()),
            offset: None,
            handler: None,
            text: format!("{topic} can't be written: {why}"),
            for_ms: for_ms(since),
        }),
        Some(Wait::ParkFull { offset, parked }) => Some(WaitStatus {
            kind: "parking".into(),
            code: Some(Code::ParkingFull.to_string()),
            offset: Some(offset.0),
            handler: None,
            text: format!(
                "as much is parked as `parking` allows: {} records of {} keys, {} bytes",
                parked.records, parked.keys, parked.bytes
            ),
            for_ms: state.parking.full_since().map_or(0, for_ms),
        }),
        Some(Wait::Backoff {
            offset,
            handler,
            attempts,
            until,
            why,
        }) => Some(WaitStatus {
            kind: "backoff".into(),
            code: Some(why.code().to_string()),
            offset: Some(offset.0),
            handler: Some(handler_name(handler)),
            text: format!(
                "call {} in {} ms; the last one: {}",
                attempts + 1,
                until.max(state.rest.until).saturating_sub(now).as_millis(),
                why.text()
            ),
            for_ms: since_begun,
        }),
        None if state.rest.lasts(now) => Some(WaitStatus {
            kind: "rest".into(),
            code: None,
            offset: None,
            handler: None,
            text: format!(
                "a limit stopped the handler: it rests for {} ms more",
                state.rest.until.saturating_sub(now).as_millis()
            ),
            for_ms: for_ms(state.rest.since),
        }),
        None => state.stall.map(|stall| {
            let (kind, text) = match stall.kind {
                StallKind::Outbox => (
                    "outbox",
                    "as many bytes as allowed are sent and not acknowledged by the brokers",
                ),
                StallKind::Instances => ("instance", "all instances of a handler are running"),
            };
            WaitStatus {
                kind: kind.into(),
                code: None,
                offset: None,
                handler: None,
                text: text.into(),
                for_ms: for_ms(stall.since),
            }
        }),
    }
}
