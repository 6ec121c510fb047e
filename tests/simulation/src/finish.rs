//! Faults cease, all is brought to its end, and nothing may be missing.

use std::sync::Arc;
use std::time::Duration;

use crate::script::Delivery;
use crate::standing::Standing;
use crate::truth::Broken;
use crate::world::World;

/// Rounds until all must have come to its end.
const ROUNDS_MAX: usize = 4000;
/// Turns of all loops in a round, at most: a host that has nothing to do is idle.
pub const TURNS_MAX: usize = 10_000;
/// Time between two rounds if nobody says when it wakes.
const ROUND: Duration = Duration::from_millis(5);
const ROUND_MAX: Duration = Duration::from_millis(50);

impl World {
    /// See the module.
    pub fn finish(self: &Arc<Self>) {
        self.cease();
        let mut missing = String::new();
        let mut standing = Standing::default();
        for _ in 0..ROUNDS_MAX {
            self.round();
            self.check();
            let result = self.stands_nobody_still(&mut standing);
            self.inner().hold(result);
            if self.inner().broken.is_some() {
                return;
            }
            match self.open() {
                None => {
                    let complete = self.complete();
                    self.inner().hold(complete);
                    return;
                }
                Some(open) => missing = open,
            }
            self.advance(self.until_next());
        }
        let result: Result<(), Broken> = Err(format!("never done: {missing}"));
        self.inner().hold(result);
    }

    fn cease(self: &Arc<Self>) {
        self.inner().over = true;
        self.inner().note(|| "faults cease".into());
        for topic in 0..self.plan.outputs.len() {
            if self.inner().broker.topic_down[topic] {
                self.turn_topic(topic);
            }
        }
        for client in &mut self.inner().broker.clients {
            client.out = false;
        }
        if self.living().is_empty() {
            self.start_host();
        }
        let all_go = self.inner().rng.per_mille(500);
        for host in self.living() {
            if all_go {
                self.revoke(&host, true);
            }
            for pause in host.engine().pauses().iter() {
                host.engine().resume(&pause.scope);
            }
        }
    }

    /// Everybody does what there is to do.
    fn round(self: &Arc<Self>) {
        for host in self.living() {
            host.hands.step(0);
            let mut did = true;
            let mut turns = 0;
            while did {
                did = false;
                turns += 1;
                if turns > TURNS_MAX {
                    let number = host.number;
                    let never =
                        format!("host {number} is at work without an end, and gets nowhere");
                    self.inner().hold::<()>(Err(never));
                    return;
                }
                for number in 1..host.hands.loops() {
                    did |= host.hands.step(number);
                }
                while self.inner().broker.clients[host.number].queued() > 0 {
                    self.produce(host.number);
                }
                while !self.inner().broker.clients[host.number].reports.is_empty() {
                    self.deliver(&host);
                    did = true;
                }
            }
            for _ in 0..self.plan.places.len() * 2 {
                host.poll(self);
            }
            host.housekeeping(self);
        }
        while !self.inner().broker.requests.is_empty() {
            self.coordinate();
        }
        self.place_partitions();
    }

    fn until_next(&self) -> Duration {
        let living = self.living();
        let wakes = living.iter().filter_map(|host| {
            let at = host.hands.wakes_at()?;
            Some(at.saturating_sub(host.hands.now()))
        });
        wakes.min().unwrap_or(ROUND).clamp(ROUND / 10, ROUND_MAX)
    }

    /// A partition that has not come to its end, and why.
    fn open(&self) -> Option<String> {
        (0..self.plan.places.len()).find_map(|place| {
            let end = self.plan.places[place].end();
            let name = self.plan.name(place);
            let committed = self.inner().broker.committed[place];
            let Some(stands) = self.stands(place) else {
                return Some(format!("{name} is with nobody"));
            };
            let until = if stands.1 { stands.0 } else { end };
            let is_done = stands.0 == until && committed.unwrap_or(0) == until;
            (!is_done).then(|| {
                format!(
                    "{name} stands at {}, {committed:?} is committed, {end} is its end",
                    stands.0
                )
            })
        })
    }

    /// Where a partition stands, and whether it is halted there.
    pub fn stands(&self, place: usize) -> Option<(i64, bool)> {
        let owner = self.inner().broker.owner[place]?;
        let host = Arc::clone(self.hosts().get(owner)?);
        let partition = {
            let source = host.source();
            Arc::clone(&source.cells.get(&place)?.partition)
        };
        let epoch = partition.epoch().0;
        let snapshot = host.engine().snapshot();
        let mut statuses = snapshot.partitions.into_iter();
        let status = statuses.find(|status| status.epoch == epoch)?;
        let halted = status.waits.is_some_and(|wait| wait.kind == "halted");
        // What was sent before the halt comes to its end first.
        let quiet = self.inner().broker.clients[owner].unanswered_bytes == 0;
        Some((status.position, halted && quiet))
    }

    /// Nothing is lost: each delivery came to its end, or its partition is visibly halted.
    fn complete(&self) -> Result<(), Broken> {
        for (place, it) in self.plan.places.iter().enumerate() {
            let committed = self.inner().broker.committed[place].unwrap_or(0);
            let done = it.records.iter().take_while(|of| of.offset < committed);
            for record in done {
                for handler in 0..self.plan.topics[it.topic].handlers {
                    let of = Delivery {
                        place,
                        offset: record.offset,
                        handler,
                    };
                    if !self.inner().truth.is_done(of) {
                        return Err(format!("{of:?} is lost"));
                    }
                }
            }
        }
        Ok(())
    }
}
