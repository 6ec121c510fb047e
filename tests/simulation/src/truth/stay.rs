//! One stay of a partition with a host, and what was written in it.

use std::collections::BTreeMap;

/// See the module.
#[derive(Debug)]
pub struct Stay {
    /// The host's number.
    pub host: usize,
    /// Index of the input partition.
    pub place: usize,
    /// Where it began to read.
    pub start: i64,
    /// After the last record that was fetched.
    pub fetched_until: i64,
    /// What was fetched, by offset: a delivery for each handler.
    pub records: BTreeMap<i64, Vec<Delivered>>,
    /// Whether its host has ended it.
    pub closed: bool,
    /// All before this was found to be finished.
    pub finished_until: i64,
    /// The last record that a handler was called with.
    pub latest_called: i64,
    /// Records begun after the end: the one that a worker is at.
    pub begun_late: u32,
    /// Messages that came back.
    pub refusals: u32,
}

/// A delivery in a stay.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Its calls.
    pub calls: Vec<usize>,
    /// Its dead letter.
    pub letter: Fare,
}

/// How far a message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fare {
    /// Not sent, or refused for its topic's sake.
    #[default]
    Home,
    /// Sent and not answered.
    Sent,
    /// In the log, which its host has not heard of.
    Landed,
    /// In the log, which its host knows.
    Acknowledged,
    /// Refused for good.
    Refused,
    /// Its transaction is committed.
    Seen,
}

impl Fare {
    /// Whether it is there, whatever its host has heard.
    pub fn is_durable(self) -> bool {
        matches!(self, Fare::Landed | Fare::Acknowledged | Fare::Seen)
    }
}

/// A message on its way out, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// The output of a call.
    Output {
        /// The call.
        call: usize,
        /// Which of its outputs.
        index: usize,
    },
    /// A dead letter.
    Letter {
        /// In which stay.
        stay: usize,
        /// Of which record.
        offset: i64,
        /// Of which handler.
        handler: usize,
    },
}

impl Stay {
    /// It begins.
    pub fn new(host: usize, place: usize, start: i64) -> Stay {
        Stay {
            host,
            place,
            start,
            fetched_until: start,
            records: BTreeMap::new(),
            closed: false,
            finished_until: start,
            latest_called: -1,
            begun_late: 0,
            refusals: 0,
        }
    }

    /// A record is fetched, for the first time or again.
    pub fn fetched(&mut self, offset: i64, handlers: usize) {
        if offset >= self.fetched_until {
            let deliveries = (0..handlers).map(|_| Delivered::default()).collect();
            self.records.insert(offset, deliveries);
            self.fetched_until = offset + 1;
        }
    }

    pub(super) fn deliveries(&mut self, offset: i64) -> &mut Vec<Delivered> {
        self.records.get_mut(&offset).expect("it was looked for")
    }
}
