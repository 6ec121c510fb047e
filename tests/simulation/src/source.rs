//! A small model of the poll thread (`host/kafka/src/{source,cells,commit}.rs`) over the same calls
//! into the engine: fetches, pauses what is full, commits on a timer, one commit at a time.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use penstock_core::batch::Batch;
use penstock_core::partition::CommitPoint;
use penstock_core::record::{Header, NextOffset, Offset, Timestamp};
use penstock_engine::{Flow, Partition};

use crate::broker::Request;
use crate::handover::{GivingUp, Moving};
use crate::host::Host;
use crate::truth::Stay;
use crate::world::World;
use crate::writing::STAY;

/// Records of a batch, at most.
const BATCH_RECORDS_MAX: usize = 8;
/// Bytes of a batch, at most: the largest records that there are.
pub const BATCH_BYTES_MAX: usize = BATCH_RECORDS_MAX * 21_000;
/// Until the next commit after one that failed, at most.
const COMMIT_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// See the module.
#[derive(Default)]
pub struct Source {
    /// The partitions that are ours, by index.
    pub cells: BTreeMap<usize, Cell>,
    /// A commit on its way, by the timer.
    pub in_flight: Option<InFlight>,
    /// The next commit.
    pub due: Duration,
    /// A revocation that is under way: the poll thread does nothing else.
    pub giving_up: Option<GivingUp>,
    /// A reset that is under way.
    pub moving: Option<Moving>,
    /// What the group gave away, and a transaction may still hold.
    pub lost: Vec<Cell>,
}

/// A partition that is ours.
#[derive(Clone)]
pub struct Cell {
    /// The stay's number.
    pub stay: usize,
    /// The stay itself.
    pub partition: Arc<Partition>,
    /// Where the client fetches next.
    pub fetch_at: i64,
    /// The client does not fetch.
    pub paused: bool,
}

/// A commit on its way.
pub struct InFlight {
    /// The request's number.
    pub id: u64,
    /// What it commits.
    pub points: Vec<(Arc<Partition>, CommitPoint)>,
}

impl Host {
    /// A partition is ours from now on, read from `start`.
    pub fn assign(&self, world: &World, place: usize, start: i64) {
        let it = &world.plan.places[place];
        let topic = &world.plan.topics[it.topic];
        let engine = self.engine();
        let partition = engine.assign(&topic.name, it.number, NextOffset(start));
        let stay = {
            let mut inner = world.inner();
            let stays = &mut inner.truth.stays;
            stays.push(Stay::new(self.number, place, start));
            let stay = stays.len() - 1;
            let (number, name) = (self.number, world.plan.name(place));
            inner.note(|| format!("host {number}: {name} is assigned from {start} (stay {stay})"));
            stay
        };
        let cell = Cell {
            stay,
            partition,
            fetch_at: start,
            paused: false,
        };
        self.source().cells.insert(place, cell);
    }

    /// The client brings records of one partition.
    pub fn poll(&self, world: &World) {
        let mut source = self.source();
        if source.giving_up.is_some() {
            return;
        }
        let places: Vec<usize> = source.cells.keys().copied().collect();
        let Some(place) = world.inner().rng.pick(&places).copied() else {
            return;
        };
        let Some(cell) = source.cells.get_mut(&place).filter(|cell| !cell.paused) else {
            return;
        };
        let most = world.inner().rng.within(1, BATCH_RECORDS_MAX);
        let Some(batch) = fetch(world, place, cell, most) else {
            return;
        };
        let flow = cell.partition.fetched(batch);
        if flow == Flow::Pause && !cell.partition.wait_for_room(Duration::ZERO) {
            cell.paused = true;
            let (number, name) = (self.number, world.plan.name(place));
            let mut inner = world.inner();
            inner.note(|| format!("host {number}: {name} is full, and no longer fetched"));
        }
    }

    /// What the poll thread does besides: rebalances, resets, commits.
    pub fn housekeeping(&self, world: &World) {
        if self.has_lost(world) {
            self.lose(world);
            return;
        }
        let mut source = self.source();
        if !source.lost.is_empty() {
            return;
        }
        if source.giving_up.is_some() {
            self.give_up(world, &mut source);
            return;
        }
        for partition in self.engine().take_resumable() {
            let mut cells = source.cells.values_mut();
            if let Some(cell) = cells.find(|cell| Arc::ptr_eq(&cell.partition, &partition)) {
                cell.paused = false;
            }
        }
        if let Some(assign) = self.reset(world, &mut source) {
            drop(source);
            self.assign(world, assign.0, assign.1);
            return;
        }
        self.commit(world, &mut source);
    }

    fn commit(&self, world: &World, source: &mut Source) {
        self.settle(world, source);
        let now = world.inner().now;
        let others = source.moving.as_ref().is_some_and(Moving::is_committing);
        if source.in_flight.is_some() || others || now < source.due {
            return;
        }
        source.due = now + world.plan.commit_interval;
        let cells: Vec<Cell> = source.cells.values().cloned().collect();
        source.in_flight = self.request(world, &cells);
    }

    /// Asks to commit what these have finished.
    pub fn request(&self, world: &World, cells: &[Cell]) -> Option<InFlight> {
        let mut inner = world.inner();
        let mut points = Vec::new();
        let mut wanted = Vec::new();
        for cell in cells {
            if let Some(point) = cell.partition.commit_point() {
                let next = point.next.0;
                let allowed = inner.truth.finished_until(cell.stay, next);
                inner.hold(allowed);
                wanted.push((inner.truth.stays[cell.stay].place, next));
                points.push((Arc::clone(&cell.partition), point));
            }
        }
        if points.is_empty() {
            return None;
        }
        let id = inner.ask(self.number, wanted, false);
        Some(InFlight { id, points })
    }

    /// Takes in the answer to a commit of the timer, if it has come.
    pub fn settle(&self, world: &World, source: &mut Source) {
        let Some(InFlight { id, points }) = &source.in_flight else {
            return;
        };
        let answer = world.inner().answer(*id);
        match answer {
            None => return,
            Some(true) => {
                for (partition, next) in points {
                    partition.committed(next);
                }
            }
            Some(false) => {
                let again = COMMIT_AGAIN_AFTER.min(world.plan.commit_interval);
                source.due = world.inner().now + again;
            }
        }
        source.in_flight = None;
    }
}

fn fetch(world: &World, place: usize, cell: &mut Cell, most: usize) -> Option<Batch> {
    let it = &world.plan.places[place];
    let next = it.records.partition_point(|of| of.offset < cell.fetch_at);
    let records = &it.records[next..];
    let records = &records[..records.len().min(most)];
    let last = records.last()?;
    cell.fetch_at = last.offset + 1;
    let stay = cell.stay.to_string();
    let mut batch = Batch::default();
    let mut inner = world.inner();
    for record in records {
        let value = vec![b'v'; record.bytes];
        let header = Header {
            name: STAY.as_bytes(),
            value: Some(stay.as_bytes()),
        };
        batch.push(
            Offset(record.offset),
            Timestamp::CreateTime(record.offset),
            record.key.as_deref(),
            Some(&value),
            [header],
        );
        let handlers = world.plan.topics[it.topic].handlers;
        inner.truth.stays[cell.stay].fetched(record.offset, handlers);
    }
    let (name, count) = (world.plan.name(place), records.len());
    let first = records[0].offset;
    inner.note(|| format!("{name}: {count} records from {first} are fetched (stay {stay})"));
    Some(batch)
}

impl crate::world::Inner {
    /// Sends a commit off; its number.
    pub fn ask(&mut self, host: usize, points: Vec<(usize, i64)>, moves: bool) -> u64 {
        let broker = &mut self.broker;
        broker.requested += 1;
        let id = broker.requested;
        let generation = broker.members.get(&host).copied().unwrap_or(u64::MAX);
        self.note(|| format!("host {host}: asks to commit {points:?} (request {id})"));
        self.broker.requests.push(Request {
            id,
            host,
            generation,
            points,
            moves,
        });
        id
    }

    /// What came of a commit, once.
    pub fn answer(&mut self, id: u64) -> Option<bool> {
        self.broker.answers.remove(&id)
    }
}
