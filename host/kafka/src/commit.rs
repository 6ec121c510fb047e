//! Commits: on a timer, and to the end at a revoke or the shutdown. One is in flight at a time,
//! since a retried older one could rewind a newer.
//!
//! A commit carries the *next* offset, and as metadata what is finished beyond it, where records may
//! be finished out of order.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use penstock_core::codes::Code;
use penstock_core::partition::CommitPoint;
use penstock_core::record::NextOffset;
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::bootstrap::Bootstrap;
use crate::intake::Stay;
use crate::latch::{self, Latch};
use crate::native::{Error, Event, EventKind, Handle, PartitionOffset, Queue};

/// Between two tries at a commit that has a deadline.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// Until the next timer after a commit that failed for a reason that may pass.
const COMMIT_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// So long an answer is waited for before it is seen whether the client has a way to get one.
const LOOK_AFTER: Duration = Duration::from_millis(500);
/// So many failures of that kind are no condition yet.
const FAILURES_UNREMARKABLE: u32 = 4;

/// Commits for one consumer.
pub struct Committer<S> {
    handle: Arc<Handle>,
    answers: Queue,
    latch: Arc<dyn Latch>,
    group: String,
    interval: Duration,
    due: Instant,
    in_flight: Option<Vec<Point<S>>>,
    /// What is in flight is a reset's.
    moving: bool,
    /// What came of a reset's commit.
    moved: Option<Result<(), Error>>,
    /// Failures in a row.
    failures: u32,
    /// The brokers take as much metadata as a commit may have to carry.
    with_metadata: bool,
    /// Start positions that could not be committed yet, by topic and partition.
    owed: HashMap<(Arc<str>, i32), NextOffset>,
    bootstrap: Bootstrap,
}

struct Point<S> {
    stay: Arc<S>,
    at: CommitPoint,
}

impl<S: Stay> Committer<S> {
    /// Nothing is committed before `interval` has passed.
    pub fn new(
        handle: &Arc<Handle>,
        latch: Arc<dyn Latch>,
        group: &str,
        interval: Duration,
    ) -> Committer<S> {
        Committer {
            handle: Arc::clone(handle),
            answers: Queue::fresh(handle),
            latch,
            group: group.to_owned(),
            interval,
            due: Instant::now() + interval,
            in_flight: None,
            moving: false,
            moved: None,
            failures: 0,
            with_metadata: true,
            owed: HashMap::new(),
            bootstrap: Bootstrap::default(),
        }
    }

    /// Takes an answer in if there is one, and commits if it is time. Never waits.
    pub fn tick<'a>(&mut self, stays: impl Iterator<Item = &'a Arc<S>>)
    where
        S: 'a,
    {
        if self.in_flight.is_some() {
            self.settle(Instant::now());
            return;
        }
        let now = Instant::now();
        if now < self.due {
            return;
        }
        self.due = now + self.interval;
        let points = self.points(stays);
        if points.is_empty() {
            return;
        }
        match self.handle.commit(&self.entries(&points), &self.answers) {
            Ok(()) => self.in_flight = Some(points),
            Err(error) => self.failed(&error),
        }
    }

    /// When [`Committer::tick`] has something to do.
    pub fn due(&self) -> Instant {
        if self.in_flight.is_some() {
            Instant::now() + TRY_AGAIN_AFTER
        } else {
            self.due
        }
    }

    /// Commits what these stays have finished, waiting for the answer until `deadline`.
    ///
    /// # Errors
    /// Why it is not committed, or not known to be.
    pub fn commit_stays(&mut self, stays: &[Arc<S>], deadline: Instant) -> Result<(), Error> {
        if !self.settle(deadline) {
            return Err(Rd::OperationTimedOut.into());
        }
        let points = self.points(stays.iter());
        self.forget(stays);
        if points.is_empty() {
            return Ok(());
        }
        loop {
            let list = self.entries(&points);
            let problem = match self.handle.commit(&list, &self.answers) {
                Ok(()) => {
                    self.in_flight = Some(Vec::new());
                    match self.answer(deadline) {
                        Some(Ok(_)) => {
                            for point in &points {
                                point.stay.committed(&point.at);
                            }
                            self.succeeded();
                            return Ok(());
                        }
                        Some(Err(error)) => error,
                        None => Rd::OperationTimedOut.into(),
                    }
                }
                Err(error) => error,
            };
            if self.in_flight.is_none() && self.gives_metadata_up(&problem) {
                continue;
            }
            let again = Instant::now() + TRY_AGAIN_AFTER;
            if self.in_flight.is_some() || !may_pass(problem.code) || again >= deadline {
                self.latch_failure(&problem);
                return Err(problem);
            }
            // Nothing is in flight, so nothing comes: this waits.
            drop(self.answers.poll(TRY_AGAIN_AFTER));
        }
    }

    /// Commits positions that belong to no stay yet, waiting for the answer until `deadline`.
    ///
    /// # Errors
    /// Why it is not committed, or not known to be.
    pub fn commit_positions(
        &mut self,
        positions: &[PartitionOffset],
        deadline: Instant,
    ) -> Result<(), Error> {
        if positions.is_empty() {
            return Ok(());
        }
        if !self.settle(deadline) {
            return Err(Rd::OperationTimedOut.into());
        }
        self.handle.commit(positions, &self.answers)?;
        self.in_flight = Some(Vec::new());
        match self.answer(deadline) {
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) => Err(error),
            None => Err(Rd::OperationTimedOut.into()),
        }
    }

    /// Commits positions that are put in place of those of ended stays, once nothing else is in
    /// flight; whether it is sent. The answer is [`Committer::moved`].
    ///
    /// # Errors
    /// As the client reports.
    pub fn begin_move(&mut self, positions: &[PartitionOffset]) -> Result<bool, Error> {
        if !self.settle(Instant::now()) {
            return Ok(false);
        }
        for position in positions {
            self.owed
                .remove(&(Arc::clone(&position.topic), position.partition));
        }
        self.handle.commit(&self.taken(positions), &self.answers)?;
        self.in_flight = Some(Vec::new());
        (self.moving, self.moved) = (true, None);
        Ok(true)
    }

    /// What came of [`Committer::begin_move`], once. Never waits.
    pub fn moved(&mut self) -> Option<Result<(), Error>> {
        if self.moving {
            self.settle(Instant::now());
        }
        self.moved.take()
    }

    /// Remembers positions to commit with the next timer.
    pub fn owe(&mut self, positions: &[PartitionOffset]) {
        for position in positions {
            self.owed.insert(
                (Arc::clone(&position.topic), position.partition),
                NextOffset(position.offset),
            );
        }
    }

    /// Forgets what is owed for these.
    fn forget(&mut self, stays: &[Arc<S>]) {
        for stay in stays {
            self.owed.remove(&key(stay.as_ref()));
        }
    }

    /// Waits until nothing is in flight; whether that was reached.
    pub fn settle(&mut self, deadline: Instant) -> bool {
        let Some(points) = self.in_flight.take() else {
            return true;
        };
        self.in_flight = Some(Vec::new());
        let Some(answer) = self.answer(deadline) else {
            self.in_flight = Some(points);
            return false;
        };
        if std::mem::take(&mut self.moving) {
            match &answer {
                Ok(()) => self.succeeded(),
                // Whoever moves tries again.
                Err(error) => drop(self.gives_metadata_up(error)),
            }
            self.moved = Some(answer);
            return true;
        }
        match answer {
            Ok(()) => {
                for point in &points {
                    self.owed.remove(&key(point.stay.as_ref()));
                    point.stay.committed(&point.at);
                }
                self.succeeded();
            }
            Err(error) if self.gives_metadata_up(&error) => self.due = Instant::now(),
            Err(error) => self.failed(&error),
        }
        true
    }

    /// Whether a commit failed for nothing but its metadata, and goes without from now on: to
    /// commit comes before not doing again what is finished beyond.
    fn gives_metadata_up(&mut self, error: &Error) -> bool {
        let refused = error.code == Rd::OffsetMetadataTooLarge && self.with_metadata;
        if refused {
            self.with_metadata = false;
            tracing::warn!(
                group = self.group,
                "the brokers refuse commits with as much metadata as is finished beyond them \
                 (offset.metadata.max.bytes is below 4096); offsets are committed without it, so \
                 that after a restart or a rebalance what was finished beyond a parked or slow \
                 record is processed again. Set offset.metadata.max.bytes to 4096, as by default, \
                 and restart the host"
            );
        }
        refused
    }

    fn entries(&self, points: &[Point<S>]) -> Vec<PartitionOffset> {
        let entry = |Point { stay, at }: &Point<S>| PartitionOffset {
            metadata: match self.with_metadata {
                true => stay.metadata(at),
                false => String::new(),
            },
            ..PartitionOffset::new(stay.topic(), stay.number(), at.next.0)
        };
        points.iter().map(entry).collect()
    }

    /// These positions as the brokers take them.
    fn taken<'a>(&self, positions: &'a [PartitionOffset]) -> Cow<'a, [PartitionOffset]> {
        if self.with_metadata {
            return positions.into();
        }
        let bare = |of: &PartitionOffset| PartitionOffset {
            metadata: String::new(),
            ..of.clone()
        };
        positions.iter().map(bare).collect()
    }

    /// The answer to what is in flight; `None` if it has not come by then.
    fn answer(&mut self, deadline: Instant) -> Option<Result<(), Error>> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.answers.poll(left.min(LOOK_AFTER)) {
                Some(event) if event.kind() == EventKind::Commit => {
                    self.in_flight = None;
                    let answer = verdict(&event);
                    let is_stuck = answer.as_ref().is_err_and(latch::is_unreachable);
                    self.bootstrap.look(is_stuck, &self.handle);
                    return Some(answer);
                }
                Some(_) => {}
                None => {
                    self.bootstrap.look(true, &self.handle);
                    if Instant::now() >= deadline {
                        return None;
                    }
                }
            }
        }
    }

    fn points<'a>(&self, stays: impl Iterator<Item = &'a Arc<S>>) -> Vec<Point<S>>
    where
        S: 'a,
    {
        let point = |stay: &Arc<S>| {
            let owed = || {
                self.owed
                    .get(&key(stay.as_ref()))
                    .copied()
                    .map(CommitPoint::at)
            };
            let at = stay.commit_point().or_else(owed)?;
            let stay = Arc::clone(stay);
            Some(Point { stay, at })
        };
        stays.filter_map(point).collect()
    }

    fn succeeded(&mut self) {
        self.failures = 0;
        latch::clear(&*self.latch, Code::CommitFailed, &self.group);
        latch::reachable(&*self.latch);
    }

    fn failed(&mut self, error: &Error) {
        self.failures += 1;
        if may_pass(error.code) && self.failures < FAILURES_UNREMARKABLE {
            // A rebalance in progress, or a coordinator on the move.
            self.due = Instant::now() + self.interval.min(COMMIT_AGAIN_AFTER);
            tracing::debug!(group = self.group, "committing again soon: {error}");
            return;
        }
        self.latch_failure(error);
    }

    fn latch_failure(&self, error: &Error) {
        let text = format!(
            "offsets are not committed ({}); after a crash the records since the last commit \
             are processed again",
            self.handle.who().explain(error, &self.group)
        );
        latch::raise(&*self.latch, Code::CommitFailed, &self.group, &text);
    }
}

/// A partial failure is a failure: what did succeed is committed again, unchanged.
fn verdict(event: &Event<'_>) -> Result<(), Error> {
    if let Some(error) = event.error() {
        return Err(error);
    }
    match event.partitions().iter().find_map(|entry| entry.error) {
        Some(code) => Err(code.into()),
        None => Ok(()),
    }
}

/// Whether a commit that failed so may succeed a moment later, with the same membership.
pub fn may_pass(code: Rd) -> bool {
    matches!(
        code,
        Rd::StaleMemberEpoch
            | Rd::RebalanceInProgress
            | Rd::CoordinatorLoadInProgress
            | Rd::CoordinatorNotAvailable
            | Rd::NotCoordinator
            | Rd::BrokerTransportFailure
            | Rd::WaitingForCoordinator
            | Rd::RequestTimedOut
            | Rd::NetworkException
    )
}

fn key<S: Stay>(stay: &S) -> (Arc<str>, i32) {
    (Arc::clone(stay.topic()), stay.number())
}
