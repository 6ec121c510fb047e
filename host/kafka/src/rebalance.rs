//! Partitions come and go: what happens between the group's word and the answer to it.
//!
//! librdkafka fetches nothing, of any partition, until the answer; so everything here is bounded.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use penstock_core::codes::Code;
use penstock_core::completion;
use penstock_core::record::NextOffset;
use penstock_engine::Settled;

use crate::intake::{Intake, Stay};
use crate::latch;
use crate::lookup::Placed;
use crate::native::{Error, PartitionOffset};
use crate::position;
use crate::source::Poller;
use crate::start;
use crate::stopped::{PartitionReport, StopReport};

/// How long work in hand may take to finish when its partition is revoked.
const DRAIN: Duration = Duration::from_millis(1500);
/// How long the commit after that may take.
const REVOKE_COMMIT: Duration = Duration::from_millis(1500);
/// How long the commit of start positions may take; then the timer does it.
const START_COMMIT: Duration = Duration::from_secs(3);
/// Between two tries to find out where assigned partitions start.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);
/// What is left of a shutdown's deadline for leaving the group.
const LEAVE: Duration = Duration::from_secs(1);
/// How many partitions are named one by one.
const NAMED_MAX: usize = 16;

impl<I: Intake> Poller<I> {
    pub(crate) fn assigned(&mut self, partitions: &[PartitionOffset]) {
        self.note_rebalance();
        // A stay of the same partition that never ended would answer for the new one.
        let (old, _) = self.cells.remove(partitions);
        if !old.is_empty() {
            self.intake.abandon(&old);
            self.intake.close(&old);
        }
        if let Some(reset) = &mut self.reset {
            reset.rebalanced(partitions);
            // Where the partitions start is only known once its commit is there or refused.
            self.committer.settle(Instant::now() + REVOKE_COMMIT);
        }
        if partitions.is_empty() || self.closing.is_some() {
            self.answer_assign(partitions);
            return;
        }
        let Some(placed) = self.place(partitions) else {
            // Stopping, or lost while Kafka could not be asked. The rebalance wants its answer;
            // what is fetched of a partition without a stay is dropped, and nothing committed.
            self.answer_assign(partitions);
            return;
        };
        start::report(&*self.intake, &placed);
        if !self.commit_starts(&placed) {
            self.answer_assign(partitions);
            return;
        }
        let entries: Vec<_> = placed.iter().map(Placed::entry).collect();
        let stays: Vec<_> = placed
            .iter()
            .map(|one| {
                let stay = self
                    .intake
                    .assign(&one.topic, one.partition, one.position.from);
                stay.watermarks(one.seen.low, one.seen.end);
                stay.skip_completed(one.position.from, &one.metadata);
                stay
            })
            .collect();
        for stay in &stays {
            self.cells.insert(Arc::clone(stay));
        }
        if !self.answer_assign(&entries) {
            self.cells.remove(&entries);
            self.intake.close(&stays);
        } else {
            log_assigned(&placed);
        }
        self.note_assigned();
    }

    pub(crate) fn revoked(&mut self, partitions: &[PartitionOffset]) {
        self.note_rebalance();
        let (stays, paused) = self.cells.remove(partitions);
        if let Some(reset) = &mut self.reset {
            reset.rebalanced(partitions);
        }
        let now = Instant::now();
        let end = self.stop.deadline().unwrap_or(now + DRAIN + REVOKE_COMMIT);
        let drain_until = (now + DRAIN).min(end);
        if self.handle.assignment_lost() {
            self.lost(partitions, &stays);
        } else {
            let drained = self.intake.drain(&stays, drain_until);
            if self.handle.assignment_lost() {
                self.lost(partitions, &stays);
            } else {
                let commit_until = (Instant::now() + REVOKE_COMMIT).min(end);
                let settled = self.intake.settle(&stays, commit_until);
                // A failure is latched; the next owner does the work since the last commit again.
                let committed = self.committer.commit_stays(&stays, commit_until);
                tracing::info!(
                    partitions = partitions.len(),
                    drained,
                    committed = committed.is_ok() && settled == Settled::Committed,
                    "revoked {}",
                    names(partitions)
                );
            }
        }
        let back = self.intake.close(&stays);
        if back.deliveries > 0 {
            let deliveries = back.deliveries;
            tracing::info!(
                deliveries,
                "handed back unfinished, for the next owner to do"
            );
        }
        // The pause would outlive the stay.
        self.resume_fetching(&paused);
        if let Err(error) = self.handle.incremental_unassign(partitions) {
            tracing::warn!("giving up {} failed: {error}", names(partitions));
        }
        self.note_assigned();
    }

    /// The broker refuses to read at a position: a new stay begins where the log does.
    pub(crate) fn refused(&mut self, at: &PartitionOffset) {
        let entry = [PartitionOffset::new(&at.topic, at.partition, 0)];
        let (stays, paused) = self.cells.remove(&entry);
        let [stay] = stays.as_slice() else {
            return;
        };
        self.shared.update(|state| state.busy = true);
        let fetched = stay.fetch_position();
        self.intake.drain(&stays, Instant::now() + DRAIN);
        self.intake.settle(&stays, Instant::now() + REVOKE_COMMIT);
        let finished = stay.finished();
        let metadata = stay.metadata(&finished);
        self.intake.close(&stays);
        self.resume_fetching(&paused);
        if let Err(error) = self.handle.incremental_unassign(&entry) {
            tracing::warn!("giving up {} failed: {error}", names(&entry));
        }
        let looked = self.until_known(|poller| poller.lookup.logs(&entry));
        if let Some((low, end)) = looked.and_then(|logs| logs.first().copied()) {
            // Deleted, what was in hand is lost as well; in another log, nothing is finished.
            let (position, metadata) = if fetched.0 < low {
                let metadata = completion::rebased(&metadata, finished.next, NextOffset(low));
                (finished.next, metadata)
            } else {
                (fetched, String::new())
            };
            let placed = Placed {
                topic: Arc::clone(&at.topic),
                partition: at.partition,
                seen: position::Seen {
                    committed: Some(position),
                    low,
                    end,
                },
                position: position::after_refusal(position, low),
                metadata,
            };
            start::report(&*self.intake, std::slice::from_ref(&placed));
            if self.commit_starts(std::slice::from_ref(&placed)) {
                let stay = self
                    .intake
                    .assign(&at.topic, at.partition, placed.position.from);
                stay.watermarks(low, end);
                stay.skip_completed(placed.position.from, &placed.metadata);
                self.cells.insert(stay);
                self.answer_assign(&[placed.entry()]);
            }
        }
        self.note_assigned();
    }

    /// Stops the intake, finishes, commits, leaves; within the deadline.
    pub(crate) fn shut_down(&mut self) -> StopReport {
        let deadline = self.stop.deadline().unwrap_or_else(Instant::now);
        let entries = self.cells.entries();
        let (stays, _) = self.cells.remove(&entries);
        let work_until = deadline.checked_sub(LEAVE).unwrap_or(deadline);
        // What is finished is to be committed although a guest never ends.
        let drain_until = match self.producer {
            Some(_) => work_until.checked_sub(REVOKE_COMMIT).unwrap_or(work_until),
            None => work_until,
        };
        let drained = self.intake.drain(&stays, drain_until);
        let commit_error = if stays.is_empty() {
            None
        } else if self.handle.assignment_lost() {
            self.intake.abandon(&stays);
            None
        } else {
            let settled = self.intake.settle(&stays, work_until);
            let committed = self.committer.commit_stays(&stays, deadline);
            let committed = committed.err().map(|error| error.to_string());
            committed.or_else(|| uncommitted(settled))
        };
        let partitions = stays
            .iter()
            .map(|stay| PartitionReport::of(&**stay))
            .collect();
        let mut report = StopReport {
            drained,
            handed_back: self.intake.close(&stays),
            closed: false,
            commit_error,
            partitions,
        };
        self.closing = Some(report.clone());
        // Who never asked to join has no group to leave, and librdkafka may take for ever over it.
        report.closed = !self.shared.get().subscribed || self.leave(deadline);
        report
    }

    fn leave(&mut self, deadline: Instant) -> bool {
        if let Err(error) = self.handle.close(&self.queue) {
            tracing::warn!("leaving the group failed: {error}");
            return false;
        }
        while !self.handle.is_closed() {
            if Instant::now() >= deadline {
                tracing::warn!("the group was not left in time; its session has to expire");
                return false;
            }
            // The revocation that leaving brings finds no stays left.
            self.round();
        }
        true
    }

    fn lost(&mut self, partitions: &[PartitionOffset], stays: &[Arc<I::Stay>]) {
        self.intake.abandon(stays);
        self.lost_generation = self.handle.generation();
        self.shared.update(|state| {
            state.lost += 1;
            state.member = false;
        });
        let text = format!(
            "the group gave {} away before it could be handed back; what was not committed is \
             done again by its next owner",
            names(partitions)
        );
        latch::raise(&*self.intake, Code::AssignmentLost, "consumer", &text);
    }

    /// Where partitions start; `None` when asked to stop, or no longer theirs, before that is
    /// known. Never a guess.
    fn place(&mut self, partitions: &[PartitionOffset]) -> Option<Vec<Placed>> {
        self.until_known(|poller| {
            let lookup = &poller.lookup;
            let commits = lookup.commits(partitions)?;
            let committed: Vec<_> = commits.iter().map(|of| of.at()).collect();
            let missing = start::missing_of(partitions, &committed);
            let mut with_commits = start::topics_with_commits(partitions, &committed);
            for topic in lookup.starts.keys() {
                let asked = missing.iter().any(|entry| entry.topic == *topic);
                if asked && !with_commits.contains(topic) {
                    // The partitions that others have count as well.
                    let all = lookup.partitions(topic)?;
                    let committed = lookup.committed(&all)?;
                    with_commits.extend(start::topics_with_commits(&all, &committed));
                }
            }
            let mut placed = lookup.place(partitions, &committed, &|topic| {
                with_commits.contains(topic)
            })?;
            for (one, commit) in placed.iter_mut().zip(commits) {
                if let Some(at) = commit.at() {
                    one.metadata = completion::rebased(&commit.metadata, at, one.position.from);
                }
            }
            Ok(placed)
        })
    }

    fn until_known<T>(&mut self, ask: impl Fn(&Self) -> Result<T, Error>) -> Option<T> {
        loop {
            match ask(self) {
                Ok(known) => return Some(known),
                Err(error) => {
                    let what = "waiting to learn where the assigned partitions start";
                    let who = self.handle.who();
                    latch::raise_error(&*self.intake, who, latch::CLUSTER, &error, what);
                }
            }
            // Nobody else does, and none of these questions makes the client connect.
            self.bootstrap.look(true, &self.handle);
            if self.handle.assignment_lost() || self.stop.wait(LOOK_AGAIN_AFTER) {
                return None;
            }
        }
    }

    /// Whether reading may begin: `false` when asked to stop, or when they are no longer ours.
    fn commit_starts(&mut self, placed: &[Placed]) -> bool {
        let changed = placed.iter().filter(|one| one.position.is_to_commit());
        let entries: Vec<_> = changed.map(Placed::entry).collect();
        while let Err(error) = self
            .committer
            .commit_positions(&entries, Instant::now() + START_COMMIT)
        {
            if self.producer.is_none() {
                tracing::warn!("start positions are committed later: {error}");
                self.committer.owe(&entries);
                return true;
            }
            // Later it could put back what a transaction has committed.
            let what = "waiting for the start positions to be committed";
            latch::raise_error(
                &*self.intake,
                self.handle.who(),
                latch::CLUSTER,
                &error,
                what,
            );
            if self.handle.assignment_lost() || self.stop.wait(LOOK_AGAIN_AFTER) {
                return false;
            }
        }
        true
    }

    fn answer_assign(&self, entries: &[PartitionOffset]) -> bool {
        match self.handle.incremental_assign(entries) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!("taking in {} failed: {error}", names(entries));
                false
            }
        }
    }

    fn note_rebalance(&self) {
        self.shared.update(|state| {
            state.rebalances += 1;
            state.busy = true;
            state.last_rebalance_ms = Some(latch::now_ms());
        });
        self.note_member();
    }

    pub(crate) fn note_assigned(&self) {
        let stays: Vec<_> = self.cells.stays().cloned().collect();
        let assigned = stays.len();
        if self.producer.is_some() {
            let id = || self.handle.members().map(|members| members.id());
            self.membership.holds(assigned > 0, id);
        }
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = stays;
        self.shared.update(|state| state.assigned = assigned);
        self.note_busy();
    }
}

fn uncommitted(settled: Settled) -> Option<String> {
    match settled {
        Settled::Committed => None,
        Settled::Aborted => Some("the last transaction was aborted".to_owned()),
        Settled::Failed => Some("the producer can't go on".to_owned()),
    }
}

fn log_assigned(placed: &[Placed]) {
    for one in placed.iter().take(NAMED_MAX) {
        tracing::info!(
            "assigned {}[{}] from offset {} ({}), log [{}, {})",
            one.topic,
            one.partition,
            one.position.from,
            one.position.why,
            one.seen.low,
            one.seen.end
        );
    }
    if placed.len() > NAMED_MAX {
        let more = placed.len() - NAMED_MAX;
        tracing::info!("assigned {more} more, {} in all", placed.len());
    }
}

fn names(partitions: &[PartitionOffset]) -> String {
    let name = |entry: &PartitionOffset| format!("{}[{}]", entry.topic, entry.partition);
    let mut names: Vec<_> = partitions.iter().take(NAMED_MAX).map(name).collect();
    if partitions.len() > NAMED_MAX {
        names.push(format!("and {} more", partitions.len() - NAMED_MAX));
    }
    names.join(", ")
}
