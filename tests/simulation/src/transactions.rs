//! Transactions: what a host's producer asks of the coordinator, and what that does by itself. What is
//! written in one is seen with its commit, together with the positions, or never.

use std::sync::Weak;

use penstock_engine::ports::{Blame, Progress, Transactions, Trouble};

use crate::broker::{Client, Report};
use crate::plan::Fault;
use crate::truth::{Broken, Message};
use crate::world::{Inner, World};

/// One that is open.
#[derive(Debug, Default)]
pub struct Transaction {
    /// Messages in the logs, in the order they came, and where.
    pub landed: Vec<(Message, (usize, u64))>,
    /// Stays and the positions that are committed of them.
    pub points: Vec<(usize, i64)>,
    /// It can only be aborted.
    pub doomed: bool,
    /// A commit is on its way.
    asked: bool,
    /// It is committed, which its host does not know.
    done: bool,
}

/// A host's way to the coordinator.
pub struct Till {
    /// Where all of this happens.
    pub world: Weak<World>,
    /// The host's number.
    pub host: usize,
}

/// What comes of a call.
enum Fate {
    Done,
    /// Not done, and the host does not know.
    Lost,
    /// Done, and the host does not know.
    Unanswered,
    /// Refused.
    Refused,
    /// The producer is shut out; done or not.
    Fatal(bool),
}

impl Till {
    /// Makes a call, while others do something; `does` does it.
    fn call(
        &self,
        name: &str,
        does: impl Fn(&World, &mut Inner) -> Result<(), Broken>,
    ) -> Result<(), Trouble> {
        let Some(world) = self.world.upgrade() else {
            return Err(Trouble::Fatal("nothing is left".into()));
        };
        world.meanwhile();
        let answer = {
            let mut inner = world.inner();
            let inner = &mut *inner;
            if inner.broker.clients[self.host].dead || inner.broken.is_some() {
                return Err(Trouble::Fatal("it is dead".into()));
            }
            let fate = self.fate(&world, inner);
            let (host, is_done) = (
                self.host,
                matches!(fate, Fate::Done | Fate::Unanswered | Fate::Fatal(true)),
            );
            inner.note(|| {
                let what = if is_done { "done" } else { "not done" };
                let told = match fate {
                    Fate::Done | Fate::Refused => "",
                    Fate::Lost | Fate::Unanswered => ", and the answer is lost",
                    Fate::Fatal(_) => ", and the producer is shut out",
                };
                format!("host {host}: {name}: {what}{told}")
            });
            if is_done {
                let result = does(&world, inner);
                inner.hold(result);
            }
            match fate {
                Fate::Done => Ok(()),
                Fate::Lost | Fate::Unanswered => Err(Trouble::Again("scripted".into())),
                Fate::Refused => {
                    if let Some(it) = &mut inner.broker.clients[self.host].transaction {
                        it.doomed = true;
                    }
                    Err(Trouble::Abort("scripted".into()))
                }
                Fate::Fatal(_) => {
                    inner.abort(self.host);
                    Err(Trouble::Fatal("scripted".into()))
                }
            }
        };
        world.meanwhile();
        answer
    }

    fn fate(&self, world: &World, inner: &mut Inner) -> Fate {
        if inner.over {
            return Fate::Done;
        }
        if inner.broker.clients[self.host].out {
            return Fate::Lost;
        }
        if world.plan.has(Fault::Fatal) && inner.rng.per_mille(10) {
            return Fate::Fatal(inner.rng.per_mille(500));
        }
        let open = &inner.broker.clients[self.host].transaction;
        let is_over = open.as_ref().is_some_and(|open| open.done);
        match inner.rng.below(12) {
            2 if is_over => Fate::Done,
            0 if world.plan.has(Fault::Commit) => Fate::Lost,
            1 if world.plan.has(Fault::Commit) => Fate::Unanswered,
            2 if world.plan.has(Fault::Commit) => Fate::Refused,
            _ => Fate::Done,
        }
    }

    /// Stays and positions.
    fn points(&self, world: &World, progress: &[Progress]) -> Result<Vec<(usize, i64)>, Broken> {
        let inner = world.inner();
        let points = progress.iter().map(|of| {
            let mut topics = world.plan.topics.iter();
            let topic = topics.position(|topic| *topic.name == *of.topic);
            let place = world
                .plan
                .place(topic.expect("it was assigned"), of.partition);
            let mut stays = inner.truth.stays.iter().enumerate();
            let stay = stays
                .rfind(|(_, stay)| stay.host == self.host && stay.place == place && !stay.closed);
            match stay {
                Some((stay, _)) => Ok((stay, of.next.0)),
                None => Err(format!("{of:?} is committed after its stay was over")),
            }
        });
        points.collect()
    }
}

impl Transactions for Till {
    fn begin(&mut self) -> Result<(), Trouble> {
        self.call("begins a transaction", |_, inner| {
            let open = &mut inner.broker.clients[self.host].transaction;
            match open.replace(Transaction::default()) {
                // The answer to the last call was lost.
                None => Ok(()),
                Some(before) if before.landed.is_empty() && !before.done => Ok(()),
                Some(_) => Err("a transaction is begun while another is open".into()),
            }
        })
    }

    fn send_offsets(&mut self, progress: &[Progress]) -> Result<(), Trouble> {
        let points = match self.world.upgrade() {
            Some(world) if !world.inner().broker.clients[self.host].dead => {
                let points = self.points(&world, progress);
                world.inner().hold(points).unwrap_or_default()
            }
            _ => return Err(Trouble::Fatal("it is dead".into())),
        };
        let name = format!("sends positions {points:?}");
        let result = self.call(&name, |_, inner| {
            let is_member = inner.broker.is_member(self.host);
            match &mut inner.broker.clients[self.host].transaction {
                Some(open) if is_member => open.points.clone_from(&points),
                Some(open) => open.doomed = true,
                None => return Err("positions are sent outside of a transaction".into()),
            }
            Ok(())
        });
        let world = self.world.upgrade();
        let refused = world.is_some_and(|world| {
            let inner = world.inner();
            let open = &inner.broker.clients[self.host].transaction;
            open.as_ref().is_some_and(|open| open.doomed)
        });
        match result {
            Ok(()) if refused => Err(Trouble::Abort("of another generation".into())),
            result => result,
        }
    }

    fn commit(&mut self) -> Result<(), Trouble> {
        if let Some(world) = self.world.upgrade() {
            let mut inner = world.inner();
            let inner = &mut *inner;
            let client = &mut inner.broker.clients[self.host];
            let unanswered = client.queued() + client.reports.len();
            if let Some(open) = &mut client.transaction {
                open.asked = !open.doomed;
                if open.doomed {
                    return Err(Trouble::Abort("scripted".into()));
                }
            }
            if unanswered > 0 && !client.dead {
                let broken = format!("a commit while {unanswered} messages are not reported");
                inner.hold::<()>(Err(broken));
            }
        }
        let result = self.call("commits", |world, inner| {
            world.commit_transaction(inner, self.host)
        });
        if result.is_ok()
            && let Some(world) = self.world.upgrade()
        {
            world.inner().broker.clients[self.host].transaction = None;
        }
        result
    }

    fn abort(&mut self) -> Result<(), Trouble> {
        self.call("aborts", |_, inner| {
            inner.abort(self.host);
            Ok(())
        })
    }
}

/// Whether a message is not taken, and whether that is the engine's fault.
pub fn refuses(client: &Client) -> Option<Result<(), Broken>> {
    match &client.transaction {
        None => Some(Err("a message is sent outside of a transaction".into())),
        Some(open) if open.done || open.asked => Some(Err(
            "a message is sent into a transaction that is committed".into(),
        )),
        Some(open) => open.doomed.then_some(Ok(())),
    }
}

impl World {
    /// The transactional id of a new host.
    pub fn free_id(&self) -> usize {
        let living = self.living();
        let inner = self.inner();
        let clients = &inner.broker.clients;
        let taken: Vec<usize> = living.iter().map(|host| clients[host.number].id).collect();
        let mut ids = 0..;
        ids.find(|id| !taken.contains(id))
            .expect("there is no last")
    }

    fn commit_transaction(&self, inner: &mut Inner, host: usize) -> Result<(), Broken> {
        let Some(open) = &mut inner.broker.clients[host].transaction else {
            return Err("a commit outside of a transaction".into());
        };
        if std::mem::replace(&mut open.done, true) {
            return Ok(());
        }
        let (landed, points) = (
            std::mem::take(&mut open.landed),
            std::mem::take(&mut open.points),
        );
        for (stay, next) in &points {
            let place = inner.truth.stays[*stay].place;
            let before = inner.broker.committed[place].unwrap_or(0);
            if *next < before {
                let name = self.plan.name(place);
                return Err(format!(
                    "the commit of {name} goes back: {next} after {before}"
                ));
            }
            inner.broker.committed[place] = Some(*next);
        }
        inner.truth.transacted(&landed, &points)
    }

    /// A host dies: its transaction is left open, unless its commit was on its way.
    pub fn leave_transaction(&self, inner: &mut Inner, host: usize) {
        let open = &inner.broker.clients[host].transaction;
        let is_asked = open.as_ref().is_some_and(|open| open.asked && !open.done);
        if is_asked && inner.rng.per_mille(500) {
            inner.note(|| format!("the commit of host {host} comes through"));
            let result = self.commit_transaction(inner, host);
            inner.hold(result);
        }
    }

    /// The coordinator looks for transactions that last too long.
    pub fn time_out(&self, inner: &mut Inner) {
        for host in 0..inner.broker.clients.len() {
            let client = &inner.broker.clients[host];
            if client.dead
                && client.transaction.is_some()
                && (inner.over || inner.rng.per_mille(100))
            {
                inner.note(|| format!("the transaction of host {host} has timed out"));
                inner.abort(host);
            }
        }
    }
}

impl Inner {
    /// A new host with this id: what the last one left is aborted.
    pub fn init(&mut self, id: usize) {
        for host in 0..self.broker.clients.len() {
            if self.broker.clients[host].id == id {
                self.abort(host);
            }
        }
    }

    /// Undoes the open transaction of a host, if there is one.
    fn abort(&mut self, host: usize) {
        let client = &mut self.broker.clients[host];
        let Some(open) = client.transaction.take() else {
            return;
        };
        for parcel in std::mem::take(&mut client.queues).into_values().flatten() {
            let report = Report::Refused(parcel, Blame::Transaction);
            client.reports.push_back(report);
        }
        if !open.done {
            let landed = open.landed.iter();
            landed.for_each(|(message, _)| self.truth.undone(message));
        }
    }

    /// Whether a transaction may commit a position of an input partition.
    pub fn is_unstable(&self, place: usize) -> bool {
        let clients = self.broker.clients.iter();
        let mut open = clients.filter_map(|client| client.transaction.as_ref());
        open.any(|open| {
            let mut points = open.points.iter();
            points.any(|(stay, _)| self.truth.stays[*stay].place == place)
        })
    }

    /// Nobody gives a partition up that a transaction holds.
    pub fn is_in_no_transaction(&self, host: usize, stay: usize) -> Result<(), Broken> {
        let client = &self.broker.clients[host];
        let Some(open) = client.transaction.as_ref().filter(|_| !client.dead) else {
            return Ok(());
        };
        let is_of = |message: &Message| self.truth.stay_of(message) == stay;
        let mut queued = client.queues.values().flatten();
        let holds = open.landed.iter().any(|(message, _)| is_of(message))
            || open.points.iter().any(|(of, _)| *of == stay)
            || queued.any(|parcel| is_of(&parcel.of));
        if holds {
            return Err(format!("stay {stay} is over while a transaction holds it"));
        }
        Ok(())
    }
}
