//! The brokers: the group with its commits, and clients on their way to output topics.

use std::collections::{BTreeMap, VecDeque};

use penstock_engine::ports::{AckToken, Blame, OwnedMessage};

use crate::transactions::Transaction;
use crate::truth::Message;

/// See the module.
#[derive(Debug, Default)]
pub struct Broker {
    /// What is committed, by input partition.
    pub committed: Vec<Option<i64>>,
    /// Which host has it, by input partition.
    pub owner: Vec<Option<usize>>,
    /// Grows with each rebalance.
    pub generation: u64,
    /// Hosts that are members, and of which generation they know.
    pub members: BTreeMap<usize, u64>,
    /// Commits on their way.
    pub requests: Vec<Request>,
    /// Answers to commits on their way back: by request, whether it succeeded.
    pub answers: BTreeMap<u64, bool>,
    /// Requests so far.
    pub requested: u64,
    /// Output topics that can't be written.
    pub topic_down: Vec<bool>,
    /// Clients that write, by host.
    pub clients: Vec<Client>,
}

/// A commit on its way.
#[derive(Debug)]
pub struct Request {
    /// Its number.
    pub id: u64,
    /// Who asks.
    pub host: usize,
    /// As the asker knows.
    pub generation: u64,
    /// Input partition and offset.
    pub points: Vec<(usize, i64)>,
    /// A reset may go back.
    pub moves: bool,
}

/// A host's client for writing.
#[derive(Debug, Default)]
pub struct Client {
    /// It reaches no broker.
    pub out: bool,
    /// Its host is dead.
    pub dead: bool,
    /// Which of the hosts that there may be at a time it is: its transactional id.
    pub id: usize,
    /// The open transaction.
    pub transaction: Option<Transaction>,
    /// Taken and not yet at a broker, by output topic and partition, in order.
    pub queues: BTreeMap<(usize, u64), VecDeque<Parcel>>,
    /// What its host is to be told, in order.
    pub reports: VecDeque<Report>,
    /// Bytes taken and not answered.
    pub unanswered_bytes: u64,
}

/// A message that a client took.
#[derive(Debug)]
pub struct Parcel {
    /// Whose it is.
    pub of: Message,
    /// What comes back with the answer.
    pub token: AckToken,
    /// The message itself.
    pub message: OwnedMessage,
    /// Bytes of key and value.
    pub bytes: u32,
    /// Sent when its host had not yet heard that the topic refuses: it is refused as well. Otherwise
    /// it would pass what was refused, and no host could help it.
    pub too_early: bool,
}

impl Parcel {
    fn is_for(&self, topic: usize) -> bool {
        self.message.topic.0 as usize == topic
    }
}

/// An answer of a broker.
#[derive(Debug)]
pub enum Report {
    /// It is in the log.
    Acknowledged(Parcel),
    /// It is not.
    Refused(Parcel, Blame),
}

impl Broker {
    /// Nothing is committed, and nobody is there.
    pub fn new(places: usize, outputs: usize) -> Broker {
        Broker {
            committed: vec![None; places],
            owner: vec![None; places],
            topic_down: vec![false; outputs],
            ..Broker::default()
        }
    }

    /// Members learn of a new generation, but those that were thrown out.
    pub fn rebalance(&mut self) {
        let before = self.generation;
        self.generation += 1;
        for known in self.members.values_mut() {
            if *known == before {
                *known = self.generation;
            }
        }
    }

    /// A host is thrown out, and its partitions are free; it does not know.
    pub fn throw_out(&mut self, host: usize) {
        if let Some(known) = self.members.get_mut(&host) {
            // No generation that there was.
            *known = u64::MAX;
        }
        self.rebalance();
        for owner in &mut self.owner {
            if *owner == Some(host) {
                *owner = None;
            }
        }
    }

    /// Whether a host is a member, as far as the group is concerned.
    pub fn is_member(&self, host: usize) -> bool {
        self.members.get(&host) == Some(&self.generation)
    }

    /// A host joins, or joins again.
    pub fn join(&mut self, host: usize) {
        self.rebalance();
        self.members.insert(host, self.generation);
    }
}

impl Client {
    /// Whether its host is still to hear that a topic can't be written.
    pub fn is_to_hear_of(&self, topic: usize) -> bool {
        let mut reports = self.reports.iter();
        let mut queued = self.queues.values().flatten();
        reports.any(|report| match report {
            Report::Refused(parcel, blame) => *blame == Blame::Topic && parcel.is_for(topic),
            Report::Acknowledged(_) => false,
        }) || queued.any(|parcel| parcel.too_early && parcel.is_for(topic))
    }

    /// Messages that weigh anything, taken and not answered.
    pub fn weighing(&self) -> usize {
        let queued = self.queues.values().flatten();
        let reported = self.reports.iter().map(|report| match report {
            Report::Acknowledged(parcel) | Report::Refused(parcel, _) => parcel,
        });
        let weigh = |parcel: &&Parcel| parcel.bytes > 0;
        queued.chain(reported).filter(weigh).count()
    }

    /// Messages taken and not at a broker.
    pub fn queued(&self) -> usize {
        self.queues.values().map(VecDeque::len).sum()
    }
}
