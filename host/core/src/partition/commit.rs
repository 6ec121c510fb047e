//! What may be committed.

use super::{Order, Partition, Phase};
use crate::completion::CompletionMap;
use crate::record::{NextOffset, Offset};

/// Records beyond the prefix that are looked at for what is finished there. What lies further on is
/// done again by the next owner, if it comes to that.
const LOOK_AHEAD_MAX: usize = 65_536;

/// A position, and what is finished beyond it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitPoint {
    /// All before this is finished.
    pub next: NextOffset,
    /// Of the rest, what is finished as well. Nothing where order is strict, since it would only
    /// be what is acknowledged and what isn't, which is soon over.
    pub beyond: CompletionMap,
}

impl CommitPoint {
    /// With nothing beyond.
    pub fn at(next: NextOffset) -> CommitPoint {
        CommitPoint {
            next,
            beyond: CompletionMap::default(),
        }
    }

    /// All before `frontier` is finished but these, which are in order; and beyond it what an earlier
    /// owner has `done`.
    pub(super) fn with_holes(
        frontier: NextOffset,
        holes: impl Iterator<Item = Offset>,
        done: &CompletionMap,
    ) -> CommitPoint {
        let mut holes = holes.peekable();
        let next = holes.peek().map_or(frontier, |first| NextOffset(first.0));
        let mut beyond = CompletionMap::beginning_at(next);
        finished_but(next, frontier, holes, &mut beyond);
        beyond.finished_as(done, frontier);
        CommitPoint {
            next,
            beyond: beyond.over(),
        }
    }
}

/// Tells a map of what lies between two positions: all of it is finished but these.
fn finished_but(
    mut from: NextOffset,
    frontier: NextOffset,
    holes: impl Iterator<Item = Offset>,
    map: &mut CompletionMap,
) {
    let end = Offset(frontier.0);
    for hole in holes.map(Some).chain([None]) {
        let until = hole.unwrap_or(end);
        if until.0 > from.0 {
            map.finished(Offset(until.0 - 1));
        }
        if let Some(hole) = hole {
            map.unfinished(hole);
            from = hole.next();
        }
    }
}

impl Partition {
    /// What is finished.
    pub fn finished(&self) -> CommitPoint {
        if self.transaction.is_some() {
            return self.covered_until(self.frontier, 0);
        }
        CommitPoint {
            next: self.position(),
            beyond: self.completed_beyond(),
        }
    }

    /// What may be committed, if that has moved since the last commit. What transactions commit is
    /// [`Partition::take_progress`].
    pub fn commit_point(&self) -> Option<CommitPoint> {
        if self.transaction.is_some() || self.phase == Phase::Closed {
            return None;
        }
        let point = self.finished();
        (self.committed.as_ref() != Some(&point)).then_some(point)
    }

    /// A commit succeeded.
    pub fn committed(&mut self, point: CommitPoint) {
        let older = self
            .committed
            .as_ref()
            .is_some_and(|of| of.next > point.next);
        if !older {
            self.committed = Some(point);
        }
    }

    /// The last commit that succeeded.
    pub fn last_committed(&self) -> Option<NextOffset> {
        self.committed.as_ref().map(|point| point.next)
    }

    fn completed_beyond(&self) -> CompletionMap {
        if self.order == Order::STRICT && self.done.is_empty() {
            return CompletionMap::default();
        }
        let from = self.position();
        let mut map = CompletionMap::beginning_at(from);
        // Before the frontier all but what was parked is finished.
        let late = self.late.range(..Offset(self.frontier.0)).copied();
        finished_but(from, self.frontier, late, &mut map);
        for entry in self.entries.iter().take(LOOK_AHEAD_MAX) {
            if entry.late || entry.offset.0 < self.frontier.0 {
                continue;
            }
            // What is parked left a place that counts as finished.
            if entry.finished && !self.late.contains(&entry.offset) {
                map.finished(entry.offset);
            } else {
                map.unfinished(entry.offset);
            }
        }
        if self.entries.len() <= LOOK_AHEAD_MAX {
            map.finished_as(&self.done, self.fetch_position);
        }
        map.over()
    }
}
