//! Puts partitions elsewhere while the host runs; the others go on (docs/architecture.md).
//!
//! The steps are taken by the poll thread, one look a round and never waiting, so that neither
//! records nor a rebalance wait for them. Whoever dies between two steps leaves either the old
//! committed offset or the new one.

mod commit;
mod place;

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use penstock_core::partition::CommitPoint;
use penstock_core::record::NextOffset;
use penstock_engine::Settled;

use crate::intake::{Intake, Stay};
use crate::native::PartitionOffset;
use crate::orders::Order;
use crate::source::Poller;
use commit::Commit;
use place::End;

/// How long work in hand may take to finish before it is handed back.
const DRAIN: Duration = Duration::from_millis(1500);
/// How long the commit of it may take, then, before it is undone.
const SETTLE: Duration = Duration::from_millis(1500);

/// A partition, as whoever asks believes it to be, and where it is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The topic's name.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// The stay that is meant: a rebalance since then makes the order void.
    pub epoch: u32,
    /// What is to be read next.
    pub to: NextOffset,
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResetOutcome {
    /// It can be done; nothing was changed.
    Possible,
    /// Committed, and read from there.
    Done {
        /// Deliveries that were begun and not finished.
        handed_back: u64,
    },
    /// Nothing was changed, for this reason.
    Refused(String),
    /// Committed, but this host does not read from there yet, for this reason.
    NotRead(String),
    /// Whether it is committed is not known, for this reason.
    Unknown(String),
}

/// A reset that is under way.
pub(crate) struct Reset<S> {
    moves: Vec<Moving<S>>,
    step: Step,
    until: Instant,
    handed_back: u64,
    /// The new offsets were sent to the coordinator: whatever it answers but yes, they may be
    /// committed, since the client sends again by itself what was not answered.
    in_doubt: bool,
    /// Until whoever asked has been told.
    reply: Option<SyncSender<ResetOutcome>>,
}

struct Moving<S> {
    stay: Arc<S>,
    to: NextOffset,
    /// Where the stay had come to, once it is closed.
    at: CommitPoint,
    /// The partition is no longer ours, or is ours anew: the order does not touch it any more.
    gone: bool,
    /// The latest commit of where the stays had come to holds this one.
    put_back: bool,
    placed: bool,
}

enum Step {
    Draining,
    /// The stays are closed.
    Committing(Commit),
    /// Reading is to go on.
    Placing(End),
}

impl<S: Stay> Moving<S> {
    fn entry(&self, at: &CommitPoint) -> PartitionOffset {
        PartitionOffset {
            metadata: self.stay.metadata(at),
            ..PartitionOffset::new(self.stay.topic(), self.stay.number(), at.next.0)
        }
    }

    fn new_entry(&self) -> PartitionOffset {
        self.entry(&CommitPoint::at(self.to))
    }
}

impl<S: Stay> Reset<S> {
    /// These come or go by a rebalance.
    pub(crate) fn rebalanced(&mut self, partitions: &[PartitionOffset]) {
        for moving in &mut self.moves {
            let (topic, number) = (moving.stay.topic(), moving.stay.number());
            let is_it = |of: &PartitionOffset| of.topic == *topic && of.partition == number;
            moving.gone |= partitions.iter().any(is_it);
        }
    }

    fn tell(&mut self, outcome: ResetOutcome) {
        match self.reply.take() {
            // Who asked may have gone.
            Some(reply) => drop(reply.try_send(outcome)),
            None => tracing::info!(?outcome, "a reset came to its end after it was answered"),
        }
    }

    fn ours(&self) -> impl Iterator<Item = &Moving<S>> {
        self.moves.iter().filter(|moving| !moving.gone)
    }
}

impl<I: Intake> Poller<I> {
    /// Takes orders in, and the next step of the one that is under way.
    pub(crate) fn resets(&mut self) {
        if self.closing.is_some() {
            // Whoever asked learns that the outcome is not known.
            self.reset = None;
        }
        while let Ok(order) = self.orders.try_recv() {
            let outcome = self.judge(&order);
            if outcome == ResetOutcome::Possible && !order.dry_run {
                self.begin(order);
            } else {
                drop(order.reply.try_send(outcome));
            }
        }
        let Some(mut reset) = self.reset.take() else {
            return;
        };
        if !self.step(&mut reset) {
            self.reset = Some(reset);
        }
    }

    fn judge(&self, order: &Order) -> ResetOutcome {
        let refused = |why: &str| ResetOutcome::Refused(why.to_owned());
        if Instant::now() >= order.until {
            return refused("it came too late to be waited for");
        }
        if self.reset.is_some() {
            return refused("another reset is under way on this host");
        }
        if self.closing.is_some() || self.stop.deadline().is_some() {
            return refused("this host is stopping");
        }
        if self.handle.assignment_lost() {
            return refused("the group has just given this host's partitions away");
        }
        if order.moves.is_empty() {
            return refused("no partition is named");
        }
        for (index, of) in order.moves.iter().enumerate() {
            let place = format!("{}[{}]", of.topic, of.partition);
            match self.cells.get(&of.topic.as_str().into(), of.partition) {
                None => return refused(&format!("{place} is not with this host")),
                Some(stay) if stay.epoch().0 != of.epoch => {
                    return refused(&format!("{place} left this host meanwhile, and came back"));
                }
                Some(_) => {}
            }
            let before = &order.moves[..index];
            if of.to.0 < 0
                || before
                    .iter()
                    .any(|it| (&it.topic, it.partition) == (&of.topic, of.partition))
            {
                return refused(&format!("{place} has no such place, or two"));
            }
        }
        ResetOutcome::Possible
    }

    fn begin(&mut self, order: Order) {
        let moving = |of: &Move| {
            let stay = self.cells.get(&of.topic.as_str().into(), of.partition)?;
            Some(Moving {
                stay: Arc::clone(stay),
                to: of.to,
                at: stay.finished(),
                gone: false,
                put_back: false,
                placed: false,
            })
        };
        self.reset = Some(Reset {
            moves: order.moves.iter().filter_map(moving).collect(),
            step: Step::Draining,
            until: Instant::now() + DRAIN,
            handed_back: 0,
            in_doubt: false,
            reply: Some(order.reply),
        });
    }

    /// Whether it is over.
    fn step(&mut self, reset: &mut Reset<I::Stay>) -> bool {
        match &reset.step {
            Step::Draining => self.drained(reset),
            Step::Committing(commit) => {
                let commit = commit.clone();
                self.committing(reset, commit);
            }
            Step::Placing(end) => {
                let end = end.clone();
                return self.placed(reset, &end);
            }
        }
        false
    }

    /// What is sent settles, what runs ends; then the stays are closed, and what is left of them
    /// is handed back.
    fn drained(&mut self, reset: &mut Reset<I::Stay>) {
        for moving in &mut reset.moves {
            let (topic, number) = (moving.stay.topic(), moving.stay.number());
            let held = self.cells.get(topic, number);
            moving.gone |= !held.is_some_and(|stay| Arc::ptr_eq(stay, &moving.stay));
        }
        let gone = reset.moves.iter().any(|moving| moving.gone);
        let stays: Vec<_> = reset.ours().map(|of| Arc::clone(&of.stay)).collect();
        let now = Instant::now();
        if !gone && !self.intake.drain(&stays, now) && now < reset.until {
            return;
        }
        // Exactly once, what they have finished is committed first: the new offsets come after it.
        let late = now >= reset.until + SETTLE;
        let settled = match stays.as_slice() {
            [] => Settled::Committed,
            stays => match self.intake.settling(stays, late) {
                Some(settled) => settled,
                None => return,
            },
        };
        for moving in reset.moves.iter_mut().filter(|of| !of.gone) {
            let entry = [moving.new_entry()];
            self.cells.remove(&entry);
            // A pause would outlive the stay, and a rebalance would not know of it; nor does the
            // host, if one was left behind. What comes before the seek finds no stay, and is
            // dropped.
            self.resume_fetching(&entry);
            moving.at = moving.stay.finished();
        }
        reset.handed_back = self.intake.close(&stays).deliveries;
        if gone {
            reset.place(End::Kept(REBALANCED.to_owned()));
        } else if settled == Settled::Failed {
            reset.place(End::Kept(FAILED.to_owned()));
        } else {
            reset.commit(Commit::of_the_new(now));
        }
    }
}

const FAILED: &str = "this host is ending: its last transaction may still be committed";
const REBALANCED: &str = "partitions moved to another host, or came anew, before it was committed";
