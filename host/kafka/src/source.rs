//! The poll thread: one consumer, one queue, never blocked by anything but a rebalance.
//!
//! It copies records into batches, hands them to the engine, commits on a timer, and answers
//! rebalances ([`crate::rebalance`]) itself, in the order in which events arrive.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, Sender, sync_channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use penstock_core::config::{Kafka, Topic};
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::bootstrap::Bootstrap;
use crate::cells::Cells;
use crate::commit::Committer;
use crate::intake::Intake;
use crate::latch::Latch;
use crate::lookup::Lookup;
use crate::membership::{Member, Membership};
use crate::native::{Error, Event, EventKind, Handle, PartitionOffset, Queue, Role};
use crate::orders::{Order, Orders};
use crate::reset::Reset;
use crate::sink::KafkaSink;
use crate::start;
use crate::state::{GroupState, Shared};
use crate::stop::Stop;
use crate::stopped::StopReport;
use crate::subscription::Subscription;
use crate::throttle::Throttled;
use crate::transactions::{self, KafkaTransactions};
use crate::troubles::Troubles;
use crate::watermarks::{self, Live};

/// How long the poll thread sleeps when nothing happens.
const IDLE: Duration = Duration::from_millis(100);
/// The same while a partition is paused: room in the engine wakes nobody here.
const IDLE_PAUSED: Duration = Duration::from_millis(5);
/// Events taken from the queue before what was polled is handed over.
const ROUND_EVENTS_MAX: usize = 2048;
/// What is left of a shutdown's deadline for the report.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// How long one question to Kafka may take.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

/// A running consumer.
pub struct SourceHandle {
    stop: Arc<Stop>,
    /// Weak, so that the client ends on its own thread, whoever holds this.
    queue: Weak<Queue>,
    /// As well.
    consumer: Weak<Handle>,
    membership: Arc<Membership>,
    group: String,
    shared: Arc<Shared>,
    report: Receiver<StopReport>,
    orders: Orders,
    topics: Sender<Arc<str>>,
}

/// Starts to consume: waits for Kafka, commits the start positions of all `topics`, and joins the group
/// for those that are not to be read `later` (see [`SourceHandle::read`]). With none, it joins when
/// the first comes.
///
/// With a `sink`, delivery is exactly once: its transactions can begin before the group is joined, and
/// commit what is read.
///
/// `failed` is called once if a client meets an error after which it is of no use; the process is
/// then to end.
///
/// # Errors
/// A setting that librdkafka does not take.
pub fn start<I: Intake>(
    kafka: &Kafka,
    client_id: &str,
    topics: &BTreeMap<String, Topic>,
    later: &BTreeSet<String>,
    intake: Arc<I>,
    sink: Option<&KafkaSink>,
    failed: Box<dyn FnOnce(String) + Send>,
) -> Result<SourceHandle, Error> {
    let config = crate::client::consumer_config(kafka, client_id);
    let handle = Handle::create(&config, Role::Consumer)?;
    let queue = Arc::new(Queue::of_consumer(&handle));
    let wakes = Arc::downgrade(&queue);
    let stop = Arc::new(Stop::default());
    let shared = Arc::new(Shared::default());
    let (sender, report) = sync_channel(1);
    let (orders_sender, orders) = Orders::to(&handle, &queue);
    let starts = topics
        .iter()
        .map(|(name, topic)| (Arc::from(name.as_str()), topic.start));
    let (subscription, more) = Subscription::of(kafka, topics, later);
    let lookup = Lookup {
        handle: Arc::clone(&handle),
        starts: starts.collect(),
        timeout: LOOKUP_TIMEOUT,
    };
    let committer = Committer::new(
        &handle,
        Arc::clone(&intake) as _,
        &kafka.group,
        kafka.commit_interval,
    );
    let live: Live<I::Stay> = Arc::default();
    spawn("kafka-watermarks", {
        let (handle, live) = (Arc::clone(&handle), Arc::clone(&live));
        let (intake, stop) = (Arc::clone(&intake), Arc::clone(&stop));
        move || watermarks::run(&handle, &live, &*intake, &stop)
    })?;
    let consumer = Arc::downgrade(&handle);
    let membership = Arc::<Membership>::default();
    let poller = Poller {
        handle,
        producer: sink.map(|sink| Arc::clone(&sink.handle)),
        membership: Arc::clone(&membership),
        live,
        queue,
        intake,
        cells: Cells::new(),
        committer,
        lookup,
        shared: Arc::clone(&shared),
        stop: Arc::clone(&stop),
        failed: Some(failed),
        closing: None,
        lost_generation: None,
        troubles: Troubles::default(),
        unreadable: None,
        bootstrap: Bootstrap::default(),
        throttled: Throttled::default(),
        orders,
        reset: None,
        subscription,
    };
    spawn("kafka-poll", move || {
        let mut poller = poller;
        // Nobody may be waiting any more.
        drop(sender.send(poller.run()));
    })?;
    Ok(SourceHandle {
        stop,
        orders: orders_sender,
        topics: more,
        queue: wakes,
        consumer,
        membership,
        group: kafka.group.clone(),
        shared,
        report,
    })
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread.spawn(body).map(drop).map_err(|error| Error {
        code: Rd::CriticalSystemResource,
        text: format!("the thread {name} does not start: {error}"),
        fatal: true,
    })
}

impl SourceHandle {
    /// How this host stands in its group.
    pub fn state(&self) -> GroupState {
        self.shared.get()
    }

    /// As which member its group knows the consumer.
    pub fn member(&self) -> Member {
        Member::of(&self.consumer)
    }

    /// The way to give it orders.
    pub fn orders(&self) -> Orders {
        self.orders.clone()
    }

    /// Reads this topic too from now on: the partitions that are here stay, others of the group keep
    /// theirs. A host that is stopping does not begin.
    pub fn read(&self, topic: &str) {
        // It has no receiver once the consumer has ended.
        drop(self.topics.send(topic.into()));
        self.wake();
    }

    /// The transactions of `sink` that commit what this consumer has read.
    pub fn transactions(&self, sink: &KafkaSink, latch: Arc<dyn Latch>) -> KafkaTransactions {
        let consumer = Weak::clone(&self.consumer);
        let membership = Arc::clone(&self.membership);
        KafkaTransactions::new(sink, consumer, membership, &self.group, latch)
    }

    /// Stops the intake, finishes what is in hand, commits, leaves the group; at most until
    /// `deadline`. `None` when not even the report came by then.
    pub fn stop(self, deadline: Instant) -> Option<StopReport> {
        self.stop
            .set(deadline.checked_sub(LAST_WORDS).unwrap_or(deadline));
        self.wake();
        let wait = deadline.saturating_duration_since(Instant::now());
        self.report.recv_timeout(wait).ok()
    }

    fn wake(&self) {
        if let Some(queue) = self.queue.upgrade() {
            queue.wake();
        }
    }
}

/// What the poll thread owns.
pub(crate) struct Poller<I: Intake> {
    pub(crate) handle: Arc<Handle>,
    pub(crate) queue: Arc<Queue>,
    /// Of the transactions that commit what is read; `None`: the committer does.
    pub(crate) producer: Option<Arc<Handle>>,
    pub(crate) membership: Arc<Membership>,
    pub(crate) intake: Arc<I>,
    pub(crate) cells: Cells<I::Stay>,
    pub(crate) live: Live<I::Stay>,
    pub(crate) committer: Committer<I::Stay>,
    pub(crate) lookup: Lookup,
    pub(crate) shared: Arc<Shared>,
    pub(crate) stop: Arc<Stop>,
    pub(crate) failed: Option<Box<dyn FnOnce(String) + Send>>,
    /// Set from the moment the group is being left.
    pub(crate) closing: Option<StopReport>,
    /// The generation in which the assignment was lost last.
    pub(crate) lost_generation: Option<i32>,
    pub(crate) troubles: Troubles,
    /// When an answer could not be read last.
    pub(crate) unreadable: Option<Instant>,
    pub(crate) orders: Receiver<Order>,
    /// The reset that is under way.
    pub(crate) reset: Option<Reset<I::Stay>>,
    pub(crate) subscription: Subscription,
    pub(crate) bootstrap: Bootstrap,
    throttled: Throttled,
}

impl<I: Intake> Poller<I> {
    fn run(&mut self) -> StopReport {
        if self.take_over() && self.prepare() {
            while self.stop.deadline().is_none() {
                self.round();
            }
        }
        self.shut_down()
    }

    /// Before anything is asked of the group: offsets that an earlier host of this id left in an open
    /// transaction would be waited for.
    fn take_over(&mut self) -> bool {
        let Some(producer) = &self.producer else {
            return true;
        };
        match transactions::take_over(producer, &*self.intake, &self.stop) {
            Ok(taken) => taken,
            Err(text) => {
                self.fail(text);
                false
            }
        }
    }

    fn prepare(&mut self) -> bool {
        let (intake, events) = (&*self.intake, &*self.queue);
        start::prepare(
            &self.lookup,
            &mut self.committer,
            intake,
            &self.stop,
            events,
        )
    }

    /// Takes what is there, hands it over, and does what is due.
    pub(crate) fn round(&mut self) {
        self.subscribe();
        let idle = if self.cells.any_paused() || self.reset.is_some() {
            IDLE_PAUSED
        } else {
            IDLE
        };
        let due = self
            .committer
            .due()
            .saturating_duration_since(Instant::now());
        let mut wait = idle.min(due);
        let queue = Arc::clone(&self.queue);
        for _ in 0..ROUND_EVENTS_MAX {
            let Some(event) = queue.poll(wait) else {
                break;
            };
            wait = Duration::ZERO;
            self.take(event);
        }
        self.hand_over();
        self.resume();
        self.resets();
        self.troubles.look(&self.cells, &*self.intake);
        self.answers_are_readable();
        self.committer.tick(self.cells.stays());
        self.note_membership();
        self.note_busy();
        let is_stuck = self.shared.is_outside() || self.closing.is_some();
        self.bootstrap.look(is_stuck, &self.handle);
        let throttle = self.handle.throttle();
        self.throttled
            .look(throttle, &*self.intake, "consumer", "records are read");
    }

    fn take(&mut self, mut event: Event<'_>) {
        match event.kind() {
            EventKind::Fetch => {
                while let Some(message) = event.next_message() {
                    if let Some(code) = message.error() {
                        let at = PartitionOffset::new(
                            &Arc::from(message.topic()),
                            message.partition(),
                            message.offset(),
                        );
                        self.partition_error(&at, &code.into());
                    } else if let Some(full) = self.cells.push(&message) {
                        self.pause(&[full]);
                    }
                }
            }
            EventKind::Rebalance => {
                self.hand_over();
                let partitions = event.partitions();
                match event.error().map(|error| error.code) {
                    Some(Rd::AssignPartitions) => self.assigned(&partitions),
                    Some(Rd::RevokePartitions) => self.revoked(&partitions),
                    other => tracing::error!(?other, "a rebalance that is neither of the two"),
                }
            }
            EventKind::Error => {
                let Some(error) = event.error() else { return };
                if error.fatal {
                    self.fatal(&error);
                } else if let Some(at) = event.partition() {
                    self.hand_over();
                    self.partition_error(&at, &error);
                } else {
                    self.client_error(&error);
                }
            }
            EventKind::Delivery | EventKind::Commit | EventKind::Other => {}
        }
    }

    pub(crate) fn hand_over(&mut self) {
        let to_pause = self.cells.hand_over();
        self.pause(&to_pause);
    }

    fn pause(&self, partitions: &[PartitionOffset]) {
        if partitions.is_empty() {
            return;
        }
        if let Err(error) = self.handle.pause(partitions) {
            tracing::warn!("pausing failed: {error}");
        }
    }

    fn resume(&mut self) {
        if !self.cells.any_paused() {
            return;
        }
        let stays = self.intake.take_resumable();
        let partitions: Vec<_> = stays
            .iter()
            .filter_map(|stay| self.cells.resume(stay))
            .collect();
        self.resume_fetching(&partitions);
    }

    pub(crate) fn resume_fetching(&self, partitions: &[PartitionOffset]) {
        if partitions.is_empty() {
            return;
        }
        if let Err(error) = self.handle.resume(partitions) {
            tracing::warn!("resuming failed: {error}");
        }
    }
}
