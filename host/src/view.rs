//! The running host as the admin listener shows it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use penstock_core::codes::Code;
use penstock_core::conditions::Conditions;
use penstock_core::config::Config;
use penstock_core::operations::Addressee;
use penstock_core::pauses::{self, Pause};
use penstock_core::record::Record;
use penstock_core::status::{
    ConditionStatus, HandlerStatus, HostState, PauseStatus, Status, TransactionsStatus,
};
use penstock_core::watch::{Opened, Step, Wanted};
use penstock_engine::{Engine, HandlerAccount, Snapshot};
use penstock_kafka::{GroupState, SourceHandle, TransactionState};

use crate::admin::{HandlerCalls, Metrics, View};
use crate::fingerprint;
use crate::watchdog::{Found, Membership, Standing};

/// The consumer, until it is stopped.
pub type Source = Arc<Mutex<Option<SourceHandle>>>;

/// How the host's transactions get on.
pub type Transactions = Box<dyn Fn() -> TransactionState + Send + Sync>;

/// See the module. What runs is attached once it does.
pub struct HostView {
    host: String,
    group: String,
    started: jiff::Timestamp,
    commit_interval: Duration,
    deadlines: BTreeMap<String, Duration>,
    conditions: Arc<Mutex<Conditions>>,
    watch: Arc<Found>,
    running: OnceLock<(Arc<Engine>, Source)>,
    transactions: OnceLock<Transactions>,
    stopping: AtomicBool,
}

impl HostView {
    /// A host that is starting.
    pub fn new(config: &Config, conditions: Arc<Mutex<Conditions>>, watch: Arc<Found>) -> HostView {
        let handlers = config.handlers.iter();
        HostView {
            commit_interval: config.kafka.commit_interval,
            deadlines: handlers
                .map(|(name, of)| (name.clone(), of.limits.deadline))
                .collect(),
            watch,
            host: config.host.id.clone(),
            group: config.kafka.group.clone(),
            started: jiff::Timestamp::now(),
            conditions,
            running: OnceLock::new(),
            transactions: OnceLock::new(),
            stopping: AtomicBool::new(false),
        }
    }

    /// The parts run.
    pub fn attach(&self, engine: &Arc<Engine>, source: &Source) {
        self.running
            .get_or_init(|| (Arc::clone(engine), Arc::clone(source)));
    }

    /// Delivery is exactly once.
    pub fn attach_transactions(&self, transactions: Transactions) {
        self.transactions.get_or_init(|| transactions);
    }

    /// The host drains.
    pub fn stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whom orders for this host name.
    pub(crate) fn addressee(&self) -> Addressee {
        Addressee {
            group: self.group.clone(),
            host: self.host.clone(),
            started: rfc3339(self.started),
        }
    }

    pub(crate) fn running(&self) -> Option<&(Arc<Engine>, Source)> {
        self.running.get()
    }

    fn state(&self) -> HostState {
        if self.stopping.load(Ordering::Relaxed) {
            return HostState::Stopping;
        }
        match self.group_state() {
            Some(group) if group.member && group.assigned > 0 => HostState::Consuming,
            Some(group) if group.member => HostState::Standby,
            _ => HostState::Starting,
        }
    }

    fn group_state(&self) -> Option<GroupState> {
        let (_, source) = self.running.get()?;
        let source = source.lock().unwrap_or_else(PoisonError::into_inner);
        source.as_ref().map(SourceHandle::state)
    }

    fn snapshot(&self) -> Snapshot {
        let running = self.running.get();
        running.map_or_else(Snapshot::default, |(engine, _)| engine.snapshot())
    }

    fn render(&self, snapshot: &Snapshot) -> Status {
        Status {
            host: self.host.clone(),
            group: self.group.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: rfc3339(self.started),
            member: self.group_state().and_then(|group| group.member_id),
            state: self.state(),
            partitions: snapshot.partitions.clone(),
            handlers: snapshot
                .handlers
                .iter()
                .map(|of| self.handler(of))
                .collect(),
            conditions: self.conditions(),
            findings: self.watch.findings(),
            healings: self.watch.healings(),
            watchdog_looks: self.watch.looks(),
            pauses: snapshot.pauses.iter().map(pause).collect(),
            commit_interval_ms: millis(self.commit_interval),
            transactions: self.transactions.get().map(|of| transactions(of())),
        }
    }

    fn handler(&self, account: &HandlerAccount) -> HandlerStatus {
        let times = &account.times;
        let deadline = self.deadlines.get(&account.handler);
        HandlerStatus {
            topic: account.topic.clone(),
            handler: account.handler.clone(),
            ledger: account.ledger,
            calls: times.count,
            mean_call_us: times.sum_ns as f64 / 1e3 / times.count.max(1) as f64,
            deadline_ms: deadline.copied().map_or(0, millis),
        }
    }

    /// A host that does a part of what it is to do is not ready: who replaces hosts one by one must
    /// not go on to the next.
    fn waits_for_a_plugin(&self) -> Option<ConditionStatus> {
        let mut conditions = self.conditions().into_iter();
        conditions.find(|of| of.code == Code::PluginCompiling.as_str())
    }

    fn conditions(&self) -> Vec<ConditionStatus> {
        let conditions = self
            .conditions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let time =
            |ms| jiff::Timestamp::from_millisecond(ms).map_or_else(|_| String::new(), rfc3339);
        conditions
            .iter()
            .map(|(code, subject, condition)| ConditionStatus {
                code: code.to_string(),
                subject: subject.to_owned(),
                text: condition.text.clone(),
                first_seen: time(condition.first_seen_ms),
                last_seen: time(condition.last_seen_ms),
                count: condition.count,
            })
            .collect()
    }
}

impl View for HostView {
    fn status(&self) -> Status {
        self.render(&self.snapshot())
    }

    fn metrics(&self) -> Metrics {
        let snapshot = self.snapshot();
        let status = self.render(&snapshot);
        let calls = snapshot.handlers.into_iter().map(|account| HandlerCalls {
            topic: account.topic,
            handler: account.handler,
            times: account.times,
        });
        Metrics {
            status,
            calls: calls.collect(),
        }
    }

    fn ready(&self) -> Result<(), String> {
        match self.state() {
            HostState::Consuming | HostState::Standby => match self.waits_for_a_plugin() {
                Some(why) => Err(told(&why)),
                None => Ok(()),
            },
            HostState::Stopping => Err("the host is stopping".to_owned()),
            HostState::Starting => {
                let conditions = self.conditions();
                let why = conditions.first().map_or_else(
                    || {
                        "start positions are being resolved, or the group is being joined"
                            .to_owned()
                    },
                    told,
                );
                Err(why)
            }
        }
    }

    fn watch(&self, wanted: Wanted) -> Option<Opened> {
        let (engine, _) = self.running.get()?;
        let topic = wanted.topic.clone();
        let matches = move |record: &Record<'_>| fingerprint::matches(&wanted, record);
        Some(Opened {
            watch: engine.watch(&topic, Box::new(matches))?,
            host: self.host.clone(),
        })
    }

    fn watched(&self, watch: u64, from: usize, wait: Duration) -> Option<Vec<Step>> {
        let (engine, _) = self.running.get()?;
        engine.watched(watch, from, wait)
    }

    fn live(&self) -> bool {
        self.group_state().is_none_or(|group| group.fatal.is_none())
    }
}

impl Membership for HostView {
    fn standing(&self) -> Option<Standing> {
        let (_, source) = self.running.get()?;
        let (state, member) = {
            let source = source.lock().unwrap_or_else(PoisonError::into_inner);
            let source = source.as_ref()?;
            (source.state(), source.member())
        };
        Some(Standing {
            is_busy: state.busy || !state.subscribed,
            rebalances: state.rebalances,
            // It may wait: not under the lock.
            member: member.id(),
        })
    }
}

fn told(of: &ConditionStatus) -> String {
    format!("{} {}: {}", of.code, of.subject, of.text)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn transactions(of: TransactionState) -> TransactionsStatus {
    let time = |ms| jiff::Timestamp::from_millisecond(ms).ok();
    let since = of.open_since_ms.and_then(time);
    let open = since.map(|since| jiff::Timestamp::now().duration_since(since).as_millis());
    TransactionsStatus {
        id: of.id,
        committed: of.committed,
        aborted: of.aborted,
        last_commit: of.last_commit_ms.and_then(time).map(rfc3339),
        open_ms: open.map(|ms| u64::try_from(ms).unwrap_or(0)),
        waits: of.waits_for,
    }
}

fn pause(of: &Pause) -> PauseStatus {
    PauseStatus {
        what: of.scope.clone(),
        why: of.why.clone(),
        since: pauses::rfc3339(of.since_ms),
        until: pauses::rfc3339(of.until_ms),
    }
}

fn rfc3339(time: jiff::Timestamp) -> String {
    format!("{time:.3}")
}
