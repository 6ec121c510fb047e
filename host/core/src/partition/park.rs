//! Keys that wait for a retry apart from the others, each with its later records behind it.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use super::KeyHash;
use super::entry::Entry;

/// What may be parked of one partition. What exceeds it waits where it is, and holds its lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParkLimits {
    /// Keys.
    pub keys: usize,
    /// Records of all keys.
    pub records: usize,
    /// Bytes of these records.
    pub bytes: u64,
}

impl ParkLimits {
    /// Nothing is parked.
    pub const NOTHING: ParkLimits = ParkLimits {
        keys: 0,
        records: 0,
        bytes: 0,
    };
}

/// How much is parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ParkStatus {
    /// Keys.
    pub keys: usize,
    /// Records of all keys.
    pub records: usize,
    /// Bytes of these records.
    pub bytes: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Park {
    limits: ParkLimits,
    keys: HashMap<KeyHash, ParkedKey>,
    /// When each key whose first record is not with a worker goes on.
    due: BTreeSet<(Duration, KeyHash)>,
    records: usize,
    bytes: u64,
}

#[derive(Debug, Default)]
struct ParkedKey {
    records: VecDeque<Entry>,
    due: Duration,
    /// The record before these is with a worker.
    running: bool,
}

impl Park {
    pub fn new(limits: ParkLimits) -> Park {
        Park {
            limits,
            keys: HashMap::new(),
            due: BTreeSet::new(),
            records: 0,
            bytes: 0,
        }
    }

    /// Whether a record's key is parked.
    pub fn holds(&self, entry: &Entry) -> bool {
        // Without a look at the key while nothing is parked.
        !self.keys.is_empty() && entry.key.is_some_and(|key| self.keys.contains_key(&key))
    }

    /// Whether the record belongs here: it waits for a retry by key, or one of its key does.
    pub fn wants(&self, entry: &Entry) -> bool {
        self.limits.keys > 0 && entry.key.is_some() && (self.holds(entry) || entry.wants_parking())
    }

    /// Whether there is room for one that belongs here.
    pub fn has_room(&self, entry: &Entry) -> bool {
        (self.holds(entry) || self.keys.len() < self.limits.keys)
            && self.records < self.limits.records
            && self.bytes + u64::from(entry.bytes) <= self.limits.bytes
    }

    /// Puts a record behind those of its key.
    pub fn put(&mut self, entry: Entry) {
        let key = entry.key.expect("only records with keys are parked");
        self.count(&entry);
        let parked = self.keys.entry(key).or_default();
        if parked.records.is_empty() && !parked.running {
            parked.due = entry.due_at().unwrap_or_default();
            self.due.insert((parked.due, key));
        }
        parked.records.push_back(entry);
    }

    /// Keys that go on, the one that waits longest first.
    pub fn due(&self, now: Duration) -> impl Iterator<Item = KeyHash> {
        let due = self.due.iter();
        due.take_while(move |(at, _)| *at <= now)
            .map(|(_, key)| *key)
    }

    /// When the next key goes on.
    pub fn next_due(&self, now: Duration) -> Option<Duration> {
        let after = (now, KeyHash::MAX);
        self.due.range(after..).map(|(at, _)| *at).next()
    }

    /// Takes out the first record of a key, for a worker; the key stays parked.
    pub fn take_first(&mut self, key: KeyHash) -> Option<Entry> {
        let parked = self.keys.get_mut(&key)?;
        let entry = parked.records.pop_front()?;
        parked.running = true;
        self.due.remove(&(parked.due, key));
        self.records -= 1;
        self.bytes -= u64::from(entry.bytes);
        Some(entry)
    }

    /// The first record of a key came back undecided.
    pub fn put_back(&mut self, key: KeyHash, entry: Entry) {
        self.count(&entry);
        let due = entry.due_at().unwrap_or_default();
        let parked = self.keys.entry(key).or_default();
        parked.records.push_front(entry);
        parked.running = false;
        parked.due = due;
        self.due.insert((due, key));
    }

    /// The first record of a key is decided: the next one follows, or the key is parked no longer.
    pub fn go_on(&mut self, key: KeyHash) {
        let Some(parked) = self.keys.get_mut(&key) else {
            return;
        };
        parked.running = false;
        match parked.records.front() {
            Some(next) => {
                parked.due = next.due_at().unwrap_or_default();
                self.due.insert((parked.due, key));
            }
            None => {
                self.keys.remove(&key);
            }
        }
    }

    fn count(&mut self, entry: &Entry) {
        self.records += 1;
        self.bytes += u64::from(entry.bytes);
    }

    /// All records, in no order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.keys.values().flat_map(|key| &key.records)
    }

    /// The first record of the key that was begun first.
    pub fn oldest(&self) -> Option<&Entry> {
        let firsts = self.keys.values().filter_map(|key| key.records.front());
        firsts
            .filter(|entry| entry.is_open())
            .min_by_key(|entry| entry.begun_at)
    }

    pub fn status(&self) -> ParkStatus {
        ParkStatus {
            keys: self.keys.len(),
            records: self.records,
            bytes: self.bytes,
        }
    }

    pub fn clear(&mut self) {
        *self = Park::new(self.limits);
    }
}
