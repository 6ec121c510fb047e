//! The group's coordinator: takes commits in, gives partitions to members.

use std::sync::Arc;

use crate::broker::Request;
use crate::host::Host;
use crate::plan::Fault;
use crate::world::{Inner, World};

impl World {
    /// The coordinator looks at a commit.
    pub fn coordinate(&self) {
        let mut inner = self.inner();
        let inner = &mut *inner;
        let count = inner.broker.requests.len();
        if count == 0 {
            return;
        }
        // Those of one host come in order.
        let drawn = inner.rng.below(count);
        let host = inner.broker.requests[drawn].host;
        let mut requests = inner.broker.requests.iter();
        let first = requests.position(|request| request.host == host);
        let request = inner.broker.requests.remove(first.unwrap_or(drawn));
        let fails = self.plan.has(Fault::Commit) && !inner.over;
        let (refused, unanswered) = match inner.rng.below(10) {
            0 => (fails, fails),
            1 => (false, fails),
            _ => (false, false),
        };
        let current = request.generation == inner.broker.generation;
        let taken = current && !refused;
        let id = request.id;
        inner.note(|| {
            let what = if taken { "taken" } else { "refused" };
            let lost = if unanswered {
                ", and the answer is lost"
            } else {
                ""
            };
            format!("request {id} is {what}{lost}")
        });
        if taken {
            self.commit(inner, &request);
        }
        inner.broker.answers.insert(id, taken && !unanswered);
    }

    fn commit(&self, inner: &mut Inner, request: &Request) {
        for (place, next) in &request.points {
            let before = inner.broker.committed[*place].unwrap_or(0);
            if request.moves {
                inner.truth.put_elsewhere(*place, before, *next);
            } else if *next < before {
                let name = self.plan.name(*place);
                let result = Err(format!(
                    "the commit of {name} goes back: {next} after {before}"
                ));
                inner.hold::<()>(result);
            }
            inner.broker.committed[*place] = Some(*next);
        }
    }

    /// The group sees that hosts are dead, and gives a partition that nobody has to a member.
    pub fn place_partitions(&self) {
        let living = self.living();
        let free = {
            let mut inner = self.inner();
            let inner = &mut *inner;
            let alive = |host: &usize| living.iter().any(|it| it.number == *host);
            let members: Vec<usize> = inner.broker.members.keys().copied().collect();
            for host in members {
                if !alive(&host) && (inner.over || inner.rng.per_mille(300)) {
                    inner.broker.throw_out(host);
                    inner.broker.members.remove(&host);
                    inner.note(|| format!("the session of host {host} is over"));
                }
            }
            self.time_out(inner);
            // While a transaction may commit a position, nobody is told where a partition starts.
            let free: Vec<usize> = (0..self.plan.places.len())
                .filter(|place| inner.broker.owner[*place].is_none() && !inner.is_unstable(*place))
                .collect();
            inner.rng.pick(&free).copied()
        };
        let Some(place) = free else { return };
        let ready = |host: &&Arc<Host>| {
            host.source().giving_up.is_none()
                && host.source().lost.is_empty()
                && self.inner().broker.is_member(host.number)
        };
        let ready: Vec<_> = living.iter().filter(ready).collect();
        let start = {
            let mut inner = self.inner();
            let inner = &mut *inner;
            let Some(host) = inner.rng.pick(&ready) else {
                return;
            };
            inner.broker.owner[place] = Some(host.number);
            inner.broker.rebalance();
            (Arc::clone(host), inner.broker.committed[place].unwrap_or(0))
        };
        start.0.assign(self, place, start.1);
    }
}
