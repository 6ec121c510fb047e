//! How fast a host works: what changed between two of its statuses, by the second.

use std::time::Duration;

use crate::status::{HandlerStatus, PartitionStatus, Status};

/// What a handler of a topic did, or all of them together; in deliveries a second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rates {
    /// Given to a worker.
    pub begun: f64,
    /// All outputs acknowledged.
    pub emitted: f64,
    /// Nothing to do, with a reason.
    pub skipped: f64,
    /// Acknowledged in the dead-letter topic.
    pub dead_lettered: f64,
}

impl std::ops::AddAssign for Rates {
    fn add_assign(&mut self, other: Rates) {
        self.begun += other.begun;
        self.emitted += other.emitted;
        self.skipped += other.skipped;
        self.dead_lettered += other.dead_lettered;
    }
}

/// Of a handler of a topic, from one status of its host to another, `elapsed` later. `None` when
/// they can't be compared: the host was started anew, or did not have it.
pub fn of_handler(
    before: &Status,
    now: &Status,
    handler: &HandlerStatus,
    elapsed: Duration,
) -> Option<Rates> {
    let mut handlers = of_the_same_run(before, now)?.handlers.iter();
    let earlier =
        handlers.find(|of| (&of.topic, &of.handler) == (&handler.topic, &handler.handler))?;
    let (from, to) = (&earlier.ledger, &handler.ledger);
    let rate = |from: u64, to: u64| per_second(to.checked_sub(from)? as f64, elapsed);
    Some(Rates {
        begun: rate(from.begun, to.begun)?,
        emitted: rate(from.emitted, to.emitted)?,
        skipped: rate(from.skipped, to.skipped)?,
        dead_lettered: rate(from.dead_lettered, to.dead_lettered)?,
    })
}

/// Of all handlers together; `None` as with one.
pub fn of_host(before: &Status, now: &Status, elapsed: Duration) -> Option<Rates> {
    of_the_same_run(before, now)?;
    let each = now.handlers.iter();
    let mut sum = Rates::default();
    for of in each.filter_map(|of| of_handler(before, now, of, elapsed)) {
        sum += of;
    }
    Some(sum)
}

/// Offsets a second that a partition's position moved by. `None` when the host did not have it
/// before, or it went back.
pub fn of_partition(
    before: &Status,
    partition: &PartitionStatus,
    elapsed: Duration,
) -> Option<f64> {
    let mut partitions = before.partitions.iter();
    let earlier = partitions
        .find(|of| (&of.topic, of.partition) == (&partition.topic, partition.partition))?;
    let moved = partition.position - earlier.position;
    if moved < 0 {
        return None;
    }
    per_second(moved as f64, elapsed)
}

fn of_the_same_run<'a>(before: &'a Status, now: &Status) -> Option<&'a Status> {
    let same = (&before.host, &before.started) == (&now.host, &now.started);
    same.then_some(before)
}

fn per_second(count: f64, elapsed: Duration) -> Option<f64> {
    (!elapsed.is_zero()).then(|| count / elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;
    use crate::status::HostState;

    fn status(emitted: u64, position: i64) -> Status {
        Status {
            host: "h".into(),
            group: "g".into(),
            version: "1".into(),
            started: "then".into(),
            member: None,
            state: HostState::Consuming,
            partitions: vec![PartitionStatus {
                topic: "t".into(),
                partition: 3,
                epoch: 1,
                position,
                committed: None,
                end: None,
                lag: None,
                unfinished: 0,
                buffered_bytes: 0,
                oldest_open_ms: None,
                paused: false,
                waits: None,
                parked: None,
            }],
            handlers: vec![HandlerStatus {
                topic: "t".into(),
                handler: "a".into(),
                ledger: Ledger {
                    begun: emitted + 1,
                    emitted,
                    open: 1,
                    ..Ledger::default()
                },
                calls: 0,
                mean_call_us: 0.0,
                deadline_ms: 0,
            }],
            conditions: Vec::new(),
            findings: Vec::new(),
            pauses: Vec::new(),
            healings: 0,
            watchdog_looks: 0,
            commit_interval_ms: 0,
            transactions: None,
        }
    }

    const TWO_SECONDS: Duration = Duration::from_secs(2);

    #[test]
    fn what_changed_is_shared_out_over_the_seconds() {
        let (before, now) = (status(10, 100), status(30, 107));
        let rates = of_host(&before, &now, TWO_SECONDS).expect("they compare");
        assert_eq!(
            (rates.begun, rates.emitted, rates.skipped),
            (10.0, 10.0, 0.0)
        );
        assert_eq!(
            of_handler(&before, &now, &now.handlers[0], TWO_SECONDS),
            Some(rates)
        );
        let moved = of_partition(&before, &now.partitions[0], TWO_SECONDS);
        assert_eq!(moved, Some(3.5));
        assert_eq!(
            of_host(&before, &now, Duration::ZERO),
            Some(Rates::default())
        );
        assert_eq!(
            of_partition(&before, &now.partitions[0], Duration::ZERO),
            None
        );
    }

    #[test]
    fn what_does_not_compare_has_no_rate() {
        let (before, mut now) = (status(10, 100), status(3, 90));
        assert_eq!(of_partition(&before, &now.partitions[0], TWO_SECONDS), None);
        assert_eq!(
            of_handler(&before, &now, &now.handlers[0], TWO_SECONDS),
            None
        );
        now.started = "later".into();
        assert_eq!(of_host(&before, &now, TWO_SECONDS), None);
        now.partitions[0].partition = 4;
        assert_eq!(of_partition(&before, &now.partitions[0], TWO_SECONDS), None);
    }
}
