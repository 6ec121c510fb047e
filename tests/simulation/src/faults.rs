//! What goes wrong, one fault a step.

use std::sync::Arc;

use penstock_core::pauses::{Pause, Scope};

use crate::handover::{GivingUp, Moving, Step};
use crate::host::{Host, PATIENCE};
use crate::plan::Fault;
use crate::world::World;

/// Faults that are steps of their own; the others lie in what hosts, brokers and handlers do.
const STEPS: [Fault; 8] = [
    Fault::Crash,
    Fault::Revoke,
    Fault::Lost,
    Fault::Outage,
    Fault::Topic,
    Fault::Pause,
    Fault::Reset,
    Fault::Rewind,
];

impl World {
    /// One of the faults that there are.
    pub fn fault(self: &Arc<Self>) {
        let hosts = self.living();
        let (fault, host) = {
            let mut inner = self.inner();
            let fault = inner.rng.pick(&STEPS).copied();
            (fault, inner.rng.pick(&hosts).cloned())
        };
        let (Some(fault), Some(host)) = (fault, host) else {
            return;
        };
        if !self.plan.has(fault) {
            return;
        }
        match fault {
            Fault::Crash => self.crash(host.number),
            Fault::Revoke => {
                let all = self.inner().rng.per_mille(300);
                self.revoke(&host, all);
            }
            Fault::Lost => {
                let mut inner = self.inner();
                inner.broker.throw_out(host.number);
                inner.note(|| format!("host {} is thrown out of the group", host.number));
            }
            Fault::Outage => {
                let mut inner = self.inner();
                let client = &mut inner.broker.clients[host.number];
                client.out = !client.out;
                let state = if client.out {
                    "reaches no"
                } else {
                    "reaches its"
                };
                inner.note(|| format!("host {} {state} broker", host.number));
            }
            Fault::Topic => {
                let topic = self.inner().rng.below(self.plan.outputs.len());
                self.turn_topic(topic);
            }
            Fault::Pause => self.pause(&host),
            Fault::Reset => self.put_elsewhere(&host),
            _ => self.rewind(&host),
        }
    }

    /// A topic can't be written from now on, or can be again. What its clients have of it by then
    /// is refused first: a client does not let later messages pass earlier ones.
    pub fn turn_topic(&self, topic: usize) {
        let mut inner = self.inner();
        let inner = &mut *inner;
        if inner.broker.topic_down[topic] {
            for host in 0..inner.broker.clients.len() {
                let client = &mut inner.broker.clients[host];
                let of_topic = client.queues.iter_mut().filter(|(at, _)| at.0 == topic);
                let parcels: Vec<_> = of_topic
                    .flat_map(|(at, queue)| std::mem::take(queue).into_iter().map(|it| (*at, it)))
                    .collect();
                for (at, parcel) in parcels {
                    self.land(inner, host, at, parcel);
                }
            }
        }
        let down = !inner.broker.topic_down[topic];
        inner.broker.topic_down[topic] = down;
        let state = if down {
            "can't be written"
        } else {
            "can be written again"
        };
        inner.note(|| format!("{} {state}", self.plan.outputs[topic]));
    }

    /// A host dies, if it lives.
    pub fn crash(&self, number: usize) {
        let host = self.hosts().get(number).cloned();
        let Some(host) = host.filter(|host| host.lives()) else {
            return;
        };
        host.die();
        let mut inner = self.inner();
        let inner = &mut *inner;
        inner.note(|| format!("host {number} dies"));
        let client = &mut inner.broker.clients[number];
        let (out, queues) = (client.out, std::mem::take(&mut client.queues));
        client.dead = true;
        for (at, queue) in queues {
            // What had left it arrives.
            let is_closed =
                inner.truth.exactly_once && inner.broker.clients[number].transaction.is_none();
            let left = if out || is_closed {
                0
            } else {
                inner.rng.below(queue.len() + 1)
            };
            for parcel in queue.into_iter().take(left) {
                self.land(inner, number, at, parcel);
            }
        }
        inner.broker.clients[number].reports.clear();
        self.leave_transaction(inner, number);
        if inner.rng.per_mille(500) {
            inner
                .broker
                .requests
                .retain(|request| request.host != number);
        }
        for stay in &mut inner.truth.stays {
            stay.closed |= stay.host == number;
        }
    }

    /// A partition, or all that a host has, are to go elsewhere.
    pub fn revoke(&self, host: &Host, all: bool) {
        let mut source = host.source();
        if source.giving_up.is_some() || source.cells.is_empty() {
            return;
        }
        let places: Vec<usize> = source.cells.keys().copied().collect();
        let mut inner = self.inner();
        let one = inner.rng.pick(&places).copied();
        let mut cells = Vec::new();
        for place in places {
            if all || Some(place) == one {
                cells.extend(source.cells.remove(&place).map(|cell| (place, cell)));
            }
        }
        inner.note(|| {
            let places: Vec<_> = cells
                .iter()
                .map(|(place, _)| self.plan.name(*place))
                .collect();
            format!("host {}: {} is revoked", host.number, places.join(", "))
        });
        source.giving_up = Some(GivingUp {
            cells,
            until: inner.now + PATIENCE,
            step: Step::Draining,
        });
    }

    fn pause(&self, host: &Host) {
        let engine = host.engine();
        let (scope, ends, draw) = {
            let mut inner = self.inner();
            let topic = inner.rng.below(self.plan.topics.len());
            let name = self.plan.topics[topic].name.clone();
            let scope = match inner.rng.below(3) {
                0 => Scope::Topic(name),
                1 => Scope::Partition(name, inner.rng.below(3) as i32),
                _ => Scope::Handler(format!("h{}", inner.rng.below(3))),
            };
            (scope, inner.rng.within(1, 400) as i64, inner.rng.below(2))
        };
        let paused: Vec<Scope> = engine.pauses().iter().map(|of| of.scope.clone()).collect();
        if let (0, Some(scope)) = (draw, paused.first()) {
            engine.resume(scope);
            let mut inner = self.inner();
            inner.note(|| format!("host {}: {scope} is resumed", host.number));
            return;
        }
        let since_ms = host.hands.now().as_millis() as i64;
        let mut inner = self.inner();
        inner.note(|| format!("host {}: {scope} is paused for {ends} ms", host.number));
        drop(inner);
        let pause = Pause {
            scope,
            why: "scripted".into(),
            since_ms,
            until_ms: since_ms + ends,
        };
        let paused = engine.pause(pause);
        paused.expect("there are fewer scopes than pauses may be");
    }

    fn put_elsewhere(&self, host: &Host) {
        let mut source = host.source();
        if source.giving_up.is_some() || source.moving.is_some() {
            return;
        }
        let places: Vec<usize> = source.cells.keys().copied().collect();
        let mut inner = self.inner();
        let Some(place) = inner.rng.pick(&places).copied() else {
            return;
        };
        let end = self.plan.places[place].end();
        let to = inner.rng.below(end as usize + 1) as i64;
        inner.note(|| {
            format!(
                "host {}: {} is to be read from {to}",
                host.number,
                self.plan.name(place)
            )
        });
        source.moving = Some(Moving {
            place,
            to,
            cell: source.cells.remove(&place),
            until: inner.now + PATIENCE,
            request: None,
        });
    }

    /// The client fetches again what it brought before.
    fn rewind(&self, host: &Host) {
        let mut source = host.source();
        let mut inner = self.inner();
        for (place, cell) in &mut source.cells {
            let start = inner.truth.stays[cell.stay].start;
            let back = inner.rng.below(6) as i64;
            cell.fetch_at = (cell.fetch_at - back).max(start);
            let at = cell.fetch_at;
            inner.note(|| format!("{} is fetched again from {at}", self.plan.name(*place)));
        }
    }
}
