//! One host from its start to its death: the real engine, and a source that feeds it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use penstock_core::conditions::Conditions;
use penstock_core::config::{OutputTimestamp, RecordLines};
use penstock_core::status::PartitionStatus;
use penstock_engine::Engine;
use penstock_engine::hands::Hands;
use penstock_engine::plan::{Delivery, HandlerPlan, Settings, TopicPlan};
use penstock_engine::ports::OutputTopic;

use crate::broker::Client;
use crate::finish::TURNS_MAX;
use crate::order;
use crate::plan::{BUFFER_BYTES, OUTPUTS};
use crate::ports::{NoDeadlines, Out, pool};
use crate::source::{BATCH_BYTES_MAX, Source};
use crate::transactions::Till;
use crate::truth::Broken;
use crate::world::World;

/// See the module.
pub struct Host {
    /// Which one, from 0.
    pub number: usize,
    /// Its time and its loops.
    pub hands: Arc<Hands>,
    engine: Arc<Engine>,
    source: Mutex<Source>,
    alive: AtomicBool,
}

impl Host {
    /// A new one.
    pub fn start(world: &Arc<World>, number: usize) -> Arc<Host> {
        let plan = &world.plan;
        let id = world.free_id();
        world.inner().init(id);
        world.inner().broker.clients.push(Client {
            id,
            ..Client::default()
        });
        let hands = Hands::new();
        let out = Out {
            world: Arc::downgrade(world),
            host: number,
        };
        let settings = Settings {
            workers: plan.workers,
            buffer_bytes: BUFFER_BYTES,
            outbox_bytes: plan.outbox_bytes,
            resend_after: plan.resend_after,
            record_lines: RecordLines::Off,
            delivery: match plan.transaction_bytes {
                Some(bytes_max) => Delivery::ExactlyOnce {
                    commit_interval: plan.commit_interval,
                    bytes_max,
                },
                None => Delivery::AtLeastOnce,
            },
        };
        let engine = Engine::start_by_hand(
            Arc::clone(&hands),
            settings,
            topics(world, number),
            Arc::new(out),
            Arc::new(NoDeadlines),
            Arc::new(Mutex::new(Conditions::default())),
        );
        let till = Till {
            world: Arc::downgrade(world),
            host: number,
        };
        let end = Arc::downgrade(world);
        let failed = move |_| {
            if let Some(world) = end.upgrade() {
                world.crash(number);
            }
        };
        let transact = engine.transact(Box::new(till), Box::new(failed));
        transact.expect("hands take on any number of loops");
        Arc::new(Host {
            number,
            hands,
            engine,
            source: Mutex::default(),
            alive: AtomicBool::new(true),
        })
    }

    /// Whether it is not dead.
    pub fn lives(&self) -> bool {
        self.alive.load(Ordering::Relaxed)
    }

    /// It dies.
    pub fn die(&self) {
        self.alive.store(false, Ordering::Relaxed);
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What the poll thread owns.
    pub fn source(&self) -> MutexGuard<'_, Source> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What must hold of it between any two steps.
    pub fn check(&self, world: &World) -> Result<(), Broken> {
        let number = self.number;
        let snapshot = self.engine.snapshot();
        for account in &snapshot.handlers {
            if !account.ledger.balances() {
                return Err(format!(
                    "host {number}: the ledger of {} does not balance: {:?}",
                    account.handler, account.ledger
                ));
            }
        }
        for partition in &snapshot.partitions {
            let most = BUFFER_BYTES as usize + BATCH_BYTES_MAX;
            if partition.buffered_bytes > most as u64 {
                return Err(format!(
                    "host {number}: {} bytes of {}[{}] are kept",
                    partition.buffered_bytes, partition.topic, partition.partition
                ));
            }
        }
        for partition in &snapshot.partitions {
            self.keeps_to_its_parking(world, partition)?;
        }
        let positions: Vec<(usize, i64)> = {
            let source = self.source();
            let cells = source.cells.values();
            cells
                .map(|cell| (cell.stay, cell.partition.position().0))
                .collect()
        };
        let mut inner = world.inner();
        let client = &inner.broker.clients[number];
        if snapshot.outbox_bytes != client.unanswered_bytes {
            return Err(format!(
                "host {number}: {} bytes are under way, and the outbox counts {}",
                client.unanswered_bytes, snapshot.outbox_bytes
            ));
        }
        if client.unanswered_bytes > world.plan.outbox_bytes && client.weighing() > 1 {
            return Err(format!(
                "host {number}: {} bytes are under way, and {} may be",
                client.unanswered_bytes, world.plan.outbox_bytes
            ));
        }
        for (stay, position) in positions {
            inner.truth.finished_until(stay, position)?;
        }
        Ok(())
    }

    fn keeps_to_its_parking(
        &self,
        world: &World,
        partition: &PartitionStatus,
    ) -> Result<(), Broken> {
        let mut topics = world.plan.topics.iter();
        let topic = topics.find(|topic| topic.name == partition.topic);
        match (&partition.parked, topic.map(|topic| topic.order.park)) {
            (Some(parked), _) if parked.keys > parked.records => {
                let key = "a key is parked without a record";
                Err(format!("host {}: {key}: {parked:?}", self.number))
            }
            (Some(parked), Some(limits))
                if parked.keys > limits.keys as u64
                    || parked.records > limits.records as u64
                    || parked.bytes > limits.bytes =>
            {
                Err(format!(
                    "host {}: {parked:?} of {}[{}], and {limits:?} may be",
                    self.number, partition.topic, partition.partition
                ))
            }
            _ => Ok(()),
        }
    }

    /// Ends what it still has, so that its memory is freed.
    pub fn bury(&self) {
        self.engine.close(&self.engine.partitions());
        for number in 1..self.hands.loops() {
            // A faulty one may be at work without an end.
            let mut turns = 0..TURNS_MAX;
            while turns.next().is_some() && self.hands.step(number) {}
        }
        drop(self.engine.take_resumable());
        *self.source() = Source::default();
        self.hands.let_go();
    }
}

fn topics(world: &Arc<World>, host: usize) -> Vec<TopicPlan> {
    let plan = &world.plan;
    let names: Arc<[String]> = plan.outputs.clone().into();
    let topics = plan.topics.iter().enumerate();
    topics
        .map(|(number, topic)| TopicPlan {
            name: topic.name.as_str().into(),
            output_topics: Arc::clone(&names),
            handlers: (0..topic.handlers)
                .map(|handler| HandlerPlan {
                    name: format!("h{handler}").into(),
                    pool: pool(world, host, number, handler, plan.instances),
                    outputs: (0..OUTPUTS as u32).map(OutputTopic).collect(),
                    policy: topic.policy.clone(),
                    timestamp: OutputTimestamp::Input,
                })
                .collect(),
            dead_letter: topic
                .dead_letter
                .then_some(OutputTopic((OUTPUTS + number) as u32)),
            order: topic.order,
            identity: order::identity(plan.options.seed, host),
        })
        .collect()
}

/// A while that a source allows for work in hand, and for a commit.
pub const PATIENCE: Duration = Duration::from_millis(1500);
