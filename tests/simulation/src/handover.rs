//! Partitions that go: revoked, lost, or put elsewhere (`host/kafka/src/{rebalance,reset}.rs`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use penstock_engine::{Partition, Settled};

use crate::host::{Host, PATIENCE};
use crate::source::{Cell, InFlight, Source};
use crate::world::World;

/// A revocation that is under way.
pub struct GivingUp {
    /// What goes.
    pub cells: Vec<(usize, Cell)>,
    /// Until when the present step may take.
    pub until: Duration,
    /// How far it is.
    pub step: Step,
}

/// How far something that goes is.
pub enum Step {
    /// Work in hand comes to its end.
    Draining,
    /// Transactions let go of it; whether all came to its end.
    Settling(bool),
    /// What is finished is to be committed; whether all came to its end.
    Commit(bool),
    /// A commit is on its way.
    Committing(bool, InFlight),
}

/// A reset that is under way.
pub struct Moving {
    /// The partition.
    pub place: usize,
    /// Where it is to be read from.
    pub to: i64,
    /// The stay that goes; `None` once it is closed.
    pub cell: Option<Cell>,
    /// Until when it may drain.
    pub until: Duration,
    /// The commit of the new position.
    pub request: Option<u64>,
}

impl Moving {
    /// Its commit is on its way, and there is to be no other.
    pub fn is_committing(&self) -> bool {
        self.request.is_some()
    }
}

impl Host {
    /// One look at a revocation that is under way.
    pub fn give_up(&self, world: &World, source: &mut Source) {
        let Some(mut going) = source.giving_up.take() else {
            return;
        };
        let now = world.inner().now;
        let late = now >= going.until;
        let cells: Vec<Cell> = going.cells.iter().map(|(_, cell)| cell.clone()).collect();
        going.step = match going.step {
            Step::Draining => {
                let drained = self.drain(&cells);
                let mut inner = world.inner();
                if late && !drained && inner.over {
                    inner.hold::<()>(Err("a drain does not end, and nothing keeps it".into()));
                }
                drop(inner);
                if drained || late {
                    going.until = now + PATIENCE;
                    Step::Settling(drained)
                } else {
                    Step::Draining
                }
            }
            Step::Settling(drained) => match self.engine().settling(&partitions(&cells), late) {
                None => Step::Settling(drained),
                Some(settled) => {
                    going.until = now + PATIENCE;
                    Step::Commit(drained && settled == Settled::Committed)
                }
            },
            Step::Commit(drained) => {
                self.settle(world, source);
                if source.in_flight.is_some() {
                    if late {
                        return self.gone(world, &going.cells, None);
                    }
                    Step::Commit(drained)
                } else {
                    match self.request(world, &cells) {
                        None => return self.gone(world, &going.cells, Some(drained)),
                        Some(request) => Step::Committing(drained, request),
                    }
                }
            }
            Step::Committing(drained, request) => {
                let answer = world.inner().answer(request.id);
                match answer {
                    Some(true) => {
                        for (partition, next) in &request.points {
                            partition.committed(next);
                        }
                        return self.gone(world, &going.cells, Some(drained));
                    }
                    _ if late => return self.gone(world, &going.cells, None),
                    Some(false) => Step::Commit(drained),
                    None => Step::Committing(drained, request),
                }
            }
        };
        source.giving_up = Some(going);
    }

    fn drain(&self, cells: &[Cell]) -> bool {
        let partitions: Vec<Arc<Partition>> = partitions(cells);
        self.engine().drain(&partitions, Instant::now())
    }

    /// The stays are over, and others may have the partitions. `committed`: all that they had
    /// finished is, and whether all of it had come to its end.
    fn gone(&self, world: &World, cells: &[(usize, Cell)], committed: Option<bool>) {
        let going: Vec<Cell> = cells.iter().map(|(_, cell)| cell.clone()).collect();
        self.close(world, &going);
        let mut inner = world.inner();
        let inner = &mut *inner;
        for (place, cell) in cells {
            if let (Some(true), Some(at)) = (committed, inner.broker.committed[*place]) {
                let result = inner.truth.handed_over(cell.stay, at);
                inner.hold(result);
            }
            if inner.broker.owner[*place] == Some(self.number) {
                inner.broker.owner[*place] = None;
            }
        }
        inner.broker.rebalance();
    }

    fn close(&self, world: &World, cells: &[Cell]) {
        self.engine().close(&partitions(cells));
        let mut inner = world.inner();
        for cell in cells {
            let is_free = inner.is_in_no_transaction(self.number, cell.stay);
            inner.hold(is_free);
            inner.truth.stays[cell.stay].closed = true;
            let (host, stay) = (self.number, cell.stay);
            inner.note(|| format!("host {host}: stay {stay} is over"));
        }
    }

    /// Whether it hears now that the group gave its partitions away.
    pub fn has_lost(&self, world: &World) -> bool {
        let mut inner = world.inner();
        let hears = inner.over || inner.rng.per_mille(300);
        hears && !inner.broker.is_member(self.number)
    }

    /// The group gave its partitions away: nothing is committed that is not under way.
    pub fn lose(&self, world: &World) {
        let mut guard = self.source();
        let source = std::mem::take(&mut *guard);
        let going = source.giving_up.map(|going| going.cells);
        let going = going.unwrap_or_default().into_iter().map(|(_, cell)| cell);
        let moving = source.moving.and_then(|moving| moving.cell);
        let cells: Vec<Cell> = source
            .cells
            .into_values()
            .chain(going)
            .chain(moving)
            .chain(source.lost)
            .collect();
        if self.engine().settling(&partitions(&cells), true).is_none() {
            guard.lost = cells;
            return;
        }
        drop(guard);
        self.close(world, &cells);
        let mut inner = world.inner();
        inner.broker.join(self.number);
        inner.note(|| format!("host {}: lost its assignment, joins anew", self.number));
    }

    /// One look at a reset that is under way; where the partition is to be assigned from.
    pub fn reset(&self, world: &World, source: &mut Source) -> Option<(usize, i64)> {
        self.settle(world, source);
        let moving = source.moving.as_mut()?;
        let now = world.inner().now;
        if let Some(cell) = &moving.cell {
            let cells = [cell.clone()];
            if !self.drain(&cells) && now < moving.until {
                return None;
            }
            let late = now >= moving.until + PATIENCE;
            self.engine().settling(&partitions(&cells), late)?;
            self.close(world, &cells);
            moving.cell = None;
        }
        match moving.request {
            None if source.in_flight.is_none() => {
                let points = vec![(moving.place, moving.to)];
                moving.request = Some(world.inner().ask(self.number, points, true));
                None
            }
            None => None,
            Some(id) => {
                let answer = world.inner().answer(id)?;
                if !answer {
                    moving.request = None;
                    return None;
                }
                let at = (moving.place, moving.to);
                source.moving = None;
                Some(at)
            }
        }
    }
}

fn partitions(cells: &[Cell]) -> Vec<Arc<Partition>> {
    let partitions = cells.iter().map(|cell| Arc::clone(&cell.partition));
    partitions.collect()
}
