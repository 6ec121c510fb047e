//! Handlers in Rust and a sink in memory: the engine between ports that a test holds.

mod meeting;

use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use penstock_core::batch::Batch;
use penstock_core::conditions::Conditions;
use penstock_core::config::{OutputTimestamp, RecordLines};
use penstock_core::partition::Order;
use penstock_core::policy::{Class, Policy, Retry, RetryMode, Rule, Then};
use penstock_core::record::{Offset, Record, Timestamp};
use penstock_core::staging::Staging;
use penstock_core::verdict::{Failure, Outcome};
use penstock_engine::plan::{Delivery, HandlerPlan, Settings, TopicPlan, Topics};
use penstock_engine::ports::{
    Ack, AckToken, Blame, Call, DeliveryReports, EpochClock, HandlerPool, Instance, Outgoing,
    OutputTopic, OwnedMessage, Refusal, SendError, Sink,
};
use penstock_engine::{Engine, Partition};

pub use meeting::{Counts, Door};

/// How long a test waits for what must happen.
pub const PATIENCE: Duration = Duration::from_secs(20);

type Handle = dyn Fn(&Record<'_>, Call, &mut Staging) -> Result<Outcome, Failure> + Send + Sync;

/// A handler written in the test.
pub struct Native {
    handle: Arc<Handle>,
    free: Mutex<u32>,
}

struct NativeInstance(Arc<Handle>);

impl HandlerPool for Native {
    fn checkout(&self) -> Result<Option<Box<dyn Instance>>, Failure> {
        let mut free = self.free.lock().unwrap();
        if *free == 0 {
            return Ok(None);
        }
        *free -= 1;
        Ok(Some(Box::new(NativeInstance(Arc::clone(&self.handle)))))
    }

    fn give_back(&self, _: Box<dyn Instance>) {
        *self.free.lock().unwrap() += 1;
    }
}

impl Instance for NativeInstance {
    fn handle(
        &mut self,
        record: &Record<'_>,
        call: Call,
        staging: &mut Staging,
    ) -> Result<Outcome, Failure> {
        (self.0)(record, call, staging)
    }

    fn is_spent(&self) -> bool {
        false
    }
}

/// A handler plan that writes to output topic 0.
pub fn handler(
    name: &str,
    instances: u32,
    handle: impl Fn(&Record<'_>, Call, &mut Staging) -> Result<Outcome, Failure> + Send + Sync + 'static,
) -> HandlerPlan {
    HandlerPlan {
        name: name.into(),
        pool: Arc::new(Native {
            handle: Arc::new(handle),
            free: Mutex::new(instances),
        }),
        outputs: vec![OutputTopic(0)],
        policy: Policy {
            rules: Class::ALL.map(|class| Rule {
                retry: Retry {
                    attempts: class.attempts(3),
                    backoff_min: Duration::from_millis(5),
                    backoff_max: Duration::from_millis(5),
                    jitter_percent: 0,
                    total: Duration::from_secs(3600),
                    mode: RetryMode::Block,
                },
                then: Then::DeadLetter,
            }),
            reject_codes: Default::default(),
        },
        timestamp: OutputTimestamp::Input,
    }
}

/// Stages the record's value as it is.
pub fn echo(record: &Record<'_>, _: Call, staging: &mut Staging) -> Result<Outcome, Failure> {
    staging.push(0, record.key, record.value, [], None);
    Ok(Outcome::Done)
}

/// A message that the sink took.
#[derive(Debug, Clone)]
pub struct Sent {
    pub token: AckToken,
    pub message: OwnedMessage,
}

/// Takes messages and answers them when the test says so, or at once.
#[derive(Default)]
pub struct Memory {
    state: Mutex<MemoryState>,
    changed: Condvar,
    reports: OnceLock<Arc<Engine>>,
}

/// Whether a broker refuses a message, and with it the batch that it is in.
type Refuses = Box<dyn Fn(&Sent) -> Option<Blame> + Send>;

#[derive(Default)]
struct MemoryState {
    corked: bool,
    refuses: Option<Refuses>,
    unanswered: Vec<Sent>,
    all: Vec<Sent>,
    most_unanswered_bytes: usize,
    answering: Option<ThreadId>,
    sent_while_answering: usize,
}

impl Sink for Memory {
    fn send(&self, message: Outgoing<'_>, token: AckToken) -> Result<(), SendError> {
        let sent = Sent {
            token,
            message: message.to_message(),
        };
        let mut state = self.state.lock().unwrap();
        state.all.push(sent.clone());
        state.unanswered.push(sent);
        let bytes = state.unanswered.iter().map(bytes).sum();
        state.most_unanswered_bytes = state.most_unanswered_bytes.max(bytes);
        if state.answering == Some(std::thread::current().id()) {
            state.sent_while_answering += 1;
        }
        self.changed.notify_all();
        Ok(())
    }
}

fn bytes(sent: &Sent) -> usize {
    let len = |bytes: &Option<Vec<u8>>| bytes.as_ref().map_or(0, Vec::len);
    len(&sent.message.key) + len(&sent.message.value)
}

impl Memory {
    /// Answers nothing from now on.
    pub fn cork(&self) {
        self.state.lock().unwrap().corked = true;
    }

    /// Answers everything, from now on too.
    pub fn uncork(&self) {
        self.state.lock().unwrap().corked = false;
        self.changed.notify_all();
    }

    /// What the broker refuses from now on.
    pub fn refuse_if(&self, refuses: impl Fn(&Sent) -> Option<Blame> + Send + 'static) {
        self.state.lock().unwrap().refuses = Some(Box::new(refuses));
    }

    /// What was taken so far.
    pub fn all(&self) -> Vec<Sent> {
        self.state.lock().unwrap().all.clone()
    }

    /// The values of what was taken so far, as text.
    pub fn values(&self) -> Vec<String> {
        let text = |sent: &Sent| {
            String::from_utf8_lossy(sent.message.value.as_deref().unwrap_or_default()).into_owned()
        };
        self.all().iter().map(text).collect()
    }

    pub fn most_unanswered_bytes(&self) -> usize {
        self.state.lock().unwrap().most_unanswered_bytes
    }

    /// How many messages came from within an acknowledgement.
    pub fn sent_while_answering(&self) -> usize {
        self.state.lock().unwrap().sent_while_answering
    }

    /// Refuses everything unanswered.
    pub fn refuse(&self, blame: Blame) {
        let refused = std::mem::take(&mut self.state.lock().unwrap().unanswered);
        for sent in refused {
            self.reports.get().unwrap().refused(Refusal {
                token: sent.token,
                message: sent.message,
                blame,
                why: "no".into(),
            });
        }
    }

    fn answer_for_ever(&self) {
        self.state.lock().unwrap().answering = Some(std::thread::current().id());
        loop {
            let mut state = self.state.lock().unwrap();
            while state.corked || state.unanswered.is_empty() {
                state = self.changed.wait(state).unwrap();
            }
            let blame = state.refuses.as_ref().and_then(|refuses| {
                let mut blames = state.unanswered.iter().filter_map(refuses);
                blames.next()
            });
            if let Some(blame) = blame {
                drop(state);
                self.refuse(blame);
                continue;
            }
            let answered = std::mem::take(&mut state.unanswered);
            drop(state);
            let acks: Vec<Ack> = answered
                .iter()
                .map(|sent| Ack {
                    token: sent.token,
                    bytes: bytes(sent) as u32,
                })
                .collect();
            self.reports.get().unwrap().acknowledged(&acks);
        }
    }
}

struct NoClock;

impl EpochClock for NoClock {
    fn tick(&self) {}
}

/// An engine between the test's ports.
pub struct World {
    pub engine: Arc<Engine>,
    pub sink: Arc<Memory>,
    pub conditions: Arc<Mutex<Conditions>>,
}

/// One topic `in` with these handlers; dead letters go to output topic 1 if `dead_letter`.
pub fn world(handlers: Vec<HandlerPlan>, dead_letter: bool) -> World {
    world_with(handlers, dead_letter, 1 << 20)
}

pub fn world_with(handlers: Vec<HandlerPlan>, dead_letter: bool, outbox_bytes: u64) -> World {
    world_in_order(Order::STRICT, handlers, dead_letter, outbox_bytes)
}

pub fn world_in_order(
    order: Order,
    handlers: Vec<HandlerPlan>,
    dead_letter: bool,
    outbox_bytes: u64,
) -> World {
    deliver(
        order,
        handlers,
        dead_letter,
        outbox_bytes,
        Delivery::AtLeastOnce,
    )
}

/// As [`world_with`]; how outputs and offsets are committed is said too.
pub fn deliver(
    order: Order,
    handlers: Vec<HandlerPlan>,
    dead_letter: bool,
    outbox_bytes: u64,
    delivery: Delivery,
) -> World {
    let plan = plan(order, handlers, dead_letter);
    on(vec![plan].into(), outbox_bytes, delivery)
}

/// The plan of the topic `in`.
pub fn plan(order: Order, handlers: Vec<HandlerPlan>, dead_letter: bool) -> TopicPlan {
    TopicPlan {
        name: "in".into(),
        output_topics: vec!["out".to_owned(), "dead".to_owned()].into(),
        handlers,
        dead_letter: dead_letter.then_some(OutputTopic(1)),
        order,
        identity: 1,
    }
}

/// An engine with these topics.
pub fn on(topics: Topics, outbox_bytes: u64, delivery: Delivery) -> World {
    let sink = Arc::new(Memory::default());
    let settings = Settings {
        workers: 2,
        buffer_bytes: 1 << 20,
        outbox_bytes,
        resend_after: Duration::from_millis(20),
        record_lines: RecordLines::Off,
        delivery,
    };
    let conditions = Arc::new(Mutex::new(Conditions::default()));
    let engine = Engine::start(
        settings,
        topics,
        Arc::clone(&sink) as _,
        Arc::new(NoClock),
        Arc::clone(&conditions),
    )
    .unwrap();
    assert!(sink.reports.set(Arc::clone(&engine)).is_ok());
    let answering = Arc::clone(&sink);
    std::thread::spawn(move || answering.answer_for_ever());
    World {
        engine,
        sink,
        conditions,
    }
}

/// Records with these values at consecutive offsets.
pub fn batch(from: i64, values: &[String]) -> Batch {
    let mut batch = Batch::default();
    for (offset, value) in (from..).zip(values) {
        batch.push(
            Offset(offset),
            Timestamp::CreateTime(offset),
            Some(b"k"),
            Some(value.as_bytes()),
            [],
        );
    }
    batch
}

pub fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|n| n.to_string()).collect()
}

/// Waits until the partition may commit up to `offset`.
pub fn finished(partition: &Arc<Partition>, offset: i64) {
    until(&format!("finished up to {offset}"), || {
        partition
            .commit_point()
            .is_some_and(|point| point.next.0 == offset)
    });
}

pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::yield_now();
        std::thread::park_timeout(Duration::from_millis(1));
    }
}
