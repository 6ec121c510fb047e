//! What lanes make of two cores: one partition and a handler that takes long, on the engine's own
//! threads, between a source and a sink in memory, so that no broker shares the cores.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use penstock_core::batch::Batch;
use penstock_core::conditions::Conditions;
use penstock_core::config::{OutputTimestamp, RecordLines};
use penstock_core::partition::{Order, OrderBy, ParkLimits};
use penstock_core::policy::{Class, Policy, Retry, RetryMode, Rule, Then};
use penstock_core::record::{NextOffset, Offset, Record, Timestamp};
use penstock_core::staging::Staging;
use penstock_core::verdict::{Failure, Outcome};
use penstock_engine::plan::{Delivery, HandlerPlan, Settings, TopicPlan};
use penstock_engine::ports::{
    Ack, AckToken, Call, DeliveryReports, EpochClock, HandlerPool, Instance, Outgoing, OutputTopic,
    SendError, Sink,
};
use penstock_engine::{Engine, Partition};

use crate::bench::Amount;
use crate::progress::Progress;
use crate::usage::processor_time;

/// Processor time of one call.
const CALL: Duration = Duration::from_millis(2);
/// As many as the machine of the goals has cores.
const WORKERS: usize = 2;
/// More than workers, since keys fall unevenly into lanes.
pub(crate) const LANES: usize = 8;
const KEYS: i64 = 97;
const PATIENCE: Duration = Duration::from_secs(300);

/// Records a second of each round.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    pub(crate) one: Vec<f64>,
    pub(crate) several: Vec<f64>,
}

pub(crate) fn measure(amount: &Amount, progress: &Progress) -> Result<Lanes> {
    let mut result = Lanes::default();
    for round in 0..amount.rounds {
        progress.step(format!("lanes: round {} of {}", round + 1, amount.rounds));
        // What else the machine does is to hit both alike.
        let order = match round % 2 {
            0 => [1, LANES],
            _ => [LANES, 1],
        };
        for lanes in order {
            let rate = once(lanes, amount.slow_records)?;
            progress.result(&format!("{lanes} lanes: {rate:.0} records/s"));
            match lanes {
                1 => result.one.push(rate),
                _ => result.several.push(rate),
            }
        }
    }
    Ok(result)
}

/// Records a second, all outputs verified.
fn once(lanes: usize, records: i64) -> Result<f64> {
    let (sink, taken) = Memory::new();
    let engine = Engine::start(
        settings(),
        vec![plan(lanes)],
        Arc::clone(&sink) as Arc<dyn Sink>,
        Arc::new(NoClock),
        Arc::new(Mutex::new(Conditions::default())),
    )
    .context("cannot start the engine")?;
    let acknowledging = std::thread::spawn({
        let engine = Arc::clone(&engine);
        move || acknowledge(&engine, &taken)
    });
    let partition = engine.assign("in", 0, NextOffset(0));
    let begun = Instant::now();
    partition.fetched(batch(records));
    wait_for(&partition, records)?;
    let took = begun.elapsed();
    engine.stop();
    drop(partition);
    sink.close();
    acknowledging
        .join()
        .ok()
        .context("acknowledging panicked")?;
    verify(&sink, records)?;
    Ok(records as f64 / took.as_secs_f64())
}

fn wait_for(partition: &Partition, records: i64) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while partition.position() != NextOffset(records) {
        ensure!(
            Instant::now() < deadline,
            "stuck at {:?}",
            partition.position()
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn batch(records: i64) -> Batch {
    let mut batch = Batch::default();
    for offset in 0..records {
        let (key, value) = (key(offset), offset.to_string());
        let time = Timestamp::CreateTime(offset);
        let (key, value) = (Some(key.as_bytes()), Some(value.as_bytes()));
        batch.push(Offset(offset), time, key, value, []);
    }
    batch
}

fn key(offset: i64) -> String {
    format!("user-{}", offset % KEYS)
}

/// Each record once, those of each key in order.
fn verify(sink: &Memory, records: i64) -> Result<()> {
    let mut by_key: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for offset in sink.values() {
        by_key.entry(key(offset)).or_default().push(offset);
    }
    let mut all = 0;
    for (key, offsets) in by_key {
        let in_order = offsets.windows(2).all(|pair| pair[0] < pair[1]);
        ensure!(
            in_order,
            "the outputs of {key} are out of order: {offsets:?}"
        );
        all += offsets.len() as i64;
    }
    ensure!(all == records, "{all} outputs of {records} records");
    Ok(())
}

fn settings() -> Settings {
    Settings {
        workers: WORKERS,
        buffer_bytes: 64 << 20,
        outbox_bytes: 64 << 20,
        resend_after: Duration::from_secs(1),
        record_lines: RecordLines::Off,
        delivery: Delivery::AtLeastOnce,
    }
}

fn plan(lanes: usize) -> TopicPlan {
    let rule = || Rule {
        retry: Retry {
            attempts: 1,
            backoff_min: Duration::from_secs(1),
            backoff_max: Duration::from_secs(1),
            jitter_percent: 0,
            total: Duration::from_secs(1),
            mode: RetryMode::Block,
        },
        then: Then::Halt,
    };
    let handler = HandlerPlan {
        name: "slow".into(),
        pool: Arc::new(Slow),
        outputs: vec![OutputTopic(0)],
        policy: Policy {
            rules: Class::ALL.map(|_| rule()),
            reject_codes: BTreeMap::new(),
        },
        timestamp: OutputTimestamp::Input,
    };
    TopicPlan {
        name: "in".into(),
        output_topics: vec!["out".to_owned()].into(),
        handlers: vec![handler],
        dead_letter: None,
        order: Order {
            lanes,
            by: OrderBy::Key,
            park: ParkLimits::NOTHING,
        },
        identity: 0,
    }
}

/// A handler that takes processor time, and passes its records on.
struct Slow;

impl HandlerPool for Slow {
    fn checkout(&self) -> Result<Option<Box<dyn Instance>>, Failure> {
        Ok(Some(Box::new(Slow)))
    }

    fn give_back(&self, _: Box<dyn Instance>) {}
}

impl Instance for Slow {
    fn handle(
        &mut self,
        record: &Record<'_>,
        _: Call,
        staging: &mut Staging,
    ) -> Result<Outcome, Failure> {
        let begun = processor_time();
        while processor_time() - begun < CALL {
            std::hint::spin_loop();
        }
        staging.push(0, record.key, record.value, [], None);
        Ok(Outcome::Done)
    }

    fn is_spent(&self) -> bool {
        false
    }
}

struct NoClock;

impl EpochClock for NoClock {
    fn tick(&self) {}
}

/// Keeps what is sent, and acknowledges it from a thread of its own, as a producer does.
struct Memory {
    values: Mutex<Vec<i64>>,
    unanswered: Mutex<Option<Sender<Ack>>>,
}

impl Memory {
    fn new() -> (Arc<Memory>, Receiver<Ack>) {
        let (unanswered, taken) = channel();
        let sink = Memory {
            values: Mutex::default(),
            unanswered: Mutex::new(Some(unanswered)),
        };
        (Arc::new(sink), taken)
    }

    fn close(&self) {
        let unanswered = &mut self
            .unanswered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        **unanswered = None;
    }

    fn values(&self) -> Vec<i64> {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.clone()
    }
}

impl Sink for Memory {
    fn send(&self, message: Outgoing<'_>, token: AckToken) -> Result<(), SendError> {
        let value = message.value.unwrap_or_default();
        let text = std::str::from_utf8(value).unwrap_or_default();
        let values = &mut self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.push(text.parse().unwrap_or(-1));
        let bytes = (message.key.unwrap_or_default().len() + value.len()) as u32;
        let unanswered = self
            .unanswered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(unanswered) = &*unanswered {
            let sent = unanswered.send(Ack { token, bytes });
            debug_assert!(sent.is_ok(), "it is closed first");
        }
        Ok(())
    }
}

fn acknowledge(engine: &Engine, taken: &Receiver<Ack>) {
    while let Ok(first) = taken.recv() {
        let acks: Vec<Ack> = std::iter::once(first).chain(taken.try_iter()).collect();
        engine.acknowledged(&acks);
    }
}
