//! An engine that finishes every record at once, so that only the Kafka side is under test.

pub mod forgetful;
pub mod reports;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use anyhow::ensure;
use penstock_core::batch::{Batch, Size};
use penstock_core::codes::Code;
use penstock_core::conditions::Conditions;
use penstock_core::config::{Delivery, GroupProtocol, Kafka, Start, Topic};
use penstock_core::partition::{CommitPoint, HandedBack, OrderBy};
use penstock_core::record::{AssignmentEpoch, NextOffset};
use penstock_engine::{Flow, Settled};
use penstock_kafka::{Intake, KafkaSink, Latch, SourceHandle, Stay, start_source};
use penstock_tests::eventually;

/// Records as they were fetched: partition, offset, value.
pub type Fetched = (i32, i64, String);

/// The fake engine.
#[derive(Default)]
pub struct FakeEngine {
    pub conditions: Mutex<Conditions>,
    state: Mutex<State>,
    /// Whether each batch is answered with [`Flow::Pause`].
    pub full: AtomicBool,
    /// Whether records stay unfinished.
    pub stuck: AtomicBool,
}

#[derive(Default)]
struct State {
    fetched: Vec<Fetched>,
    assigned: Vec<(i32, i64)>,
    paused: Vec<Arc<FakeStay>>,
    live: BTreeMap<(Arc<str>, i32), Arc<FakeStay>>,
}

/// One stay of a partition with the fake engine.
pub struct FakeStay {
    topic: Arc<str>,
    number: i32,
    epoch: AssignmentEpoch,
    next: Mutex<(NextOffset, NextOffset)>,
    watermarks: Mutex<Option<(i64, i64)>>,
    engine: Arc<FakeEngine>,
}

/// The source wants an engine that knows its own `Arc`.
pub struct Shared(pub Arc<FakeEngine>);

impl FakeEngine {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    /// All records so far, in the order fetched.
    pub fn fetched(&self) -> Vec<Fetched> {
        self.state().fetched.clone()
    }

    /// All records so far, sorted.
    pub fn sorted(&self) -> Vec<Fetched> {
        let mut fetched = self.fetched();
        fetched.sort();
        fetched
    }

    /// Every assignment so far: partition and start.
    pub fn assigned(&self) -> Vec<(i32, i64)> {
        let mut assigned = self.state().assigned.clone();
        assigned.sort_unstable();
        assigned
    }

    /// The partitions held now.
    pub fn live(&self) -> Vec<i32> {
        self.state()
            .live
            .keys()
            .map(|(_, number)| *number)
            .collect()
    }

    /// The partitions of a topic that are held now.
    pub fn live_of(&self, topic: &str) -> Vec<i32> {
        let state = self.state();
        let live = state.live.keys().filter(|(of, _)| &**of == topic);
        live.map(|(_, number)| *number).collect()
    }

    /// The stay of a partition that is held.
    pub fn epoch(&self, number: i32) -> Option<u32> {
        let state = self.state();
        let stay = state.live.values().find(|stay| stay.number == number)?;
        Some(stay.epoch.0)
    }

    /// What a partition that is held was told of its log.
    pub fn watermarks(&self, number: i32) -> Option<(i64, i64)> {
        let state = self.state();
        let stay = state.live.values().find(|stay| stay.number == number)?;
        *stay.watermarks.lock().expect("not poisoned")
    }

    /// Whether a condition holds.
    pub fn holds(&self, code: Code) -> bool {
        let conditions = self.conditions.lock().expect("not poisoned");
        conditions.iter().any(|(held, _, _)| held == code)
    }
}

impl Latch for Shared {
    fn conditions(&self) -> &Mutex<Conditions> {
        &self.0.conditions
    }
}

impl Intake for Shared {
    type Stay = FakeStay;

    fn assign(&self, topic: &str, partition: i32, start: NextOffset) -> Arc<FakeStay> {
        let topic: Arc<str> = topic.into();
        let epoch = self.0.state().assigned.len() as u32 + 1;
        let stay = Arc::new(FakeStay {
            topic: Arc::clone(&topic),
            number: partition,
            epoch: AssignmentEpoch(epoch),
            next: Mutex::new((start, start)),
            watermarks: Mutex::new(None),
            engine: Arc::clone(&self.0),
        });
        let mut state = self.0.state();
        state.assigned.push((partition, start.0));
        state.live.insert((topic, partition), Arc::clone(&stay));
        stay
    }

    fn take_resumable(&self) -> Vec<Arc<FakeStay>> {
        if self.0.full.load(Ordering::SeqCst) {
            return Vec::new();
        }
        std::mem::take(&mut self.0.state().paused)
    }

    fn drain(&self, _stays: &[Arc<FakeStay>], _deadline: Instant) -> bool {
        !self.0.stuck.load(Ordering::SeqCst)
    }

    fn settle(&self, _stays: &[Arc<FakeStay>], _deadline: Instant) -> Settled {
        Settled::Committed
    }

    fn settling(&self, _stays: &[Arc<FakeStay>], _late: bool) -> Option<Settled> {
        Some(Settled::Committed)
    }

    fn abandon(&self, _stays: &[Arc<FakeStay>]) -> Settled {
        Settled::Committed
    }

    fn close(&self, stays: &[Arc<FakeStay>]) -> HandedBack {
        let mut state = self.0.state();
        for stay in stays {
            state.live.remove(&(Arc::clone(&stay.topic), stay.number));
        }
        HandedBack::default()
    }
}

impl Stay for FakeStay {
    fn topic(&self) -> &Arc<str> {
        &self.topic
    }

    fn number(&self) -> i32 {
        self.number
    }

    fn epoch(&self) -> AssignmentEpoch {
        self.epoch
    }

    fn batch(&self, size: Size) -> Batch {
        Batch::with_room(size)
    }

    fn fetched(self: &Arc<Self>, batch: Batch) -> Flow {
        let mut state = self.engine.state();
        for index in 0..batch.len() {
            let record = batch.record(index);
            let value = String::from_utf8_lossy(record.value.unwrap_or_default()).into_owned();
            state.fetched.push((self.number, record.offset.0, value));
            self.next.lock().expect("not poisoned").0 = record.offset.next();
        }
        if self.engine.full.load(Ordering::SeqCst) {
            state.paused.push(Arc::clone(self));
            return Flow::Pause;
        }
        Flow::Go
    }

    fn wait_for_room(&self, _: Duration) -> bool {
        false
    }

    fn skip_completed(&self, _: NextOffset, _: &str) {}

    fn owes_start(self: &Arc<Self>) {}

    fn finished(&self) -> CommitPoint {
        CommitPoint::at(self.position())
    }

    fn commit_point(&self) -> Option<CommitPoint> {
        let (next, committed) = *self.next.lock().expect("not poisoned");
        let stuck = self.engine.stuck.load(Ordering::SeqCst);
        (next != committed && !stuck).then_some(CommitPoint::at(next))
    }

    fn metadata(&self, _: &CommitPoint) -> String {
        String::new()
    }

    fn committed(&self, point: &CommitPoint) {
        self.next.lock().expect("not poisoned").1 = point.next;
    }

    fn watermarks(&self, low: i64, end: i64) {
        *self.watermarks.lock().expect("not poisoned") = Some((low, end));
    }

    fn last_watermarks(&self) -> Option<(i64, i64)> {
        *self.watermarks.lock().expect("not poisoned")
    }

    fn position(&self) -> NextOffset {
        let (next, committed) = *self.next.lock().expect("not poisoned");
        let stuck = self.engine.stuck.load(Ordering::SeqCst);
        if stuck { committed } else { next }
    }

    fn fetch_position(&self) -> NextOffset {
        self.next.lock().expect("not poisoned").0
    }
}

/// A host: its engine and its source.
pub struct Member {
    pub engine: Arc<FakeEngine>,
    pub source: SourceHandle,
}

impl Member {
    /// Waits until it has fetched just these, which are sorted.
    pub fn fetches(&self, written: &[Fetched]) {
        eventually("all that is written is fetched", PATIENCE, || {
            let fetched = self.engine.sorted();
            ensure!(fetched == written, "{fetched:?}");
            Ok(())
        });
    }
}

/// What a member is to be started with.
#[derive(Clone)]
pub struct Setup {
    pub kafka: Kafka,
    pub topics: BTreeMap<String, Topic>,
    /// Those that are read when they are told.
    pub later: BTreeSet<String>,
}

impl Setup {
    /// A group of one topic.
    pub fn new(bootstrap: &str, protocol: GroupProtocol, group: &str, topic: &str) -> Setup {
        Setup {
            kafka: kafka(bootstrap, protocol, group),
            topics: [(topic.to_owned(), topic_from(Start::Earliest))].into(),
            later: BTreeSet::new(),
        }
    }

    /// With a topic that is read when it is told.
    pub fn later(mut self, topic: &str) -> Setup {
        let from = topic_from(Start::Earliest);
        self.topics.insert(topic.to_owned(), from);
        self.later.insert(topic.to_owned());
        self
    }

    /// The same with another start.
    pub fn from(mut self, start: Start) -> Setup {
        for topic in self.topics.values_mut() {
            topic.start = start;
        }
        self
    }

    /// Starts a member.
    pub fn start(&self, name: &str) -> Member {
        self.start_with(name, None, FakeEngine::default())
    }

    /// Starts a member whose offsets the transactions of a sink commit.
    pub fn start_exactly_once(&self, name: &str, sink: &KafkaSink) -> Member {
        let engine = FakeEngine::default();
        engine.stuck.store(true, Ordering::SeqCst);
        self.start_with(name, Some(sink), engine)
    }

    fn start_with(&self, name: &str, sink: Option<&KafkaSink>, engine: FakeEngine) -> Member {
        let engine = Arc::new(engine);
        let intake = Arc::new(Shared(Arc::clone(&engine)));
        let failed = Box::new(|why: String| panic!("fatal: {why}"));
        let (topics, later) = (&self.topics, &self.later);
        let source = start_source(&self.kafka, name, topics, later, intake, sink, failed)
            .expect("the settings are good");
        Member { engine, source }
    }
}

pub fn kafka(bootstrap: &str, protocol: GroupProtocol, group: &str) -> Kafka {
    let mut consumer = BTreeMap::new();
    if protocol == GroupProtocol::Classic {
        consumer.insert("session.timeout.ms".into(), "6000".into());
        consumer.insert("heartbeat.interval.ms".into(), "200".into());
    }
    Kafka {
        bootstrap: bootstrap.into(),
        group: group.into(),
        protocol,
        delivery: Delivery::AtLeastOnce,
        commit_interval: Duration::from_millis(100),
        common: BTreeMap::new(),
        consumer,
        producer: BTreeMap::new(),
    }
}

pub fn topic_from(start: Start) -> Topic {
    Topic {
        handlers: Vec::new(),
        start,
        dead_letter: None,
        allow_loop: false,
        concurrency: 1,
        order: OrderBy::Key,
    }
}

/// Shows the log of a failing test.
pub fn logged() {
    let subscriber = tracing_subscriber::fmt()
        .with_test_writer()
        .with_target(false)
        .finish();
    // Another test of this process may have been first.
    drop(tracing::subscriber::set_global_default(subscriber));
}

/// How long anything may take here.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}
