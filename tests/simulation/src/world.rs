//! Everything that there is, and the seeded choice of what happens next.
//!
//! All runs in one thread. While a handler is called, or an instance changes hands, no lock of the
//! engine is held, so other steps are taken in between, as other threads would: [`World::meanwhile`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::broker::Broker;
use crate::host::Host;
use crate::plan::Plan;
use crate::rng::Rng;
use crate::truth::{Broken, Truth};

/// See the module.
pub struct World {
    /// What the seed made.
    pub plan: Plan,
    inner: Mutex<Inner>,
    hosts: Mutex<Vec<Arc<Host>>>,
}

/// What is not the engine's. Never locked while the engine is called.
pub struct Inner {
    /// Decides the order of steps.
    pub rng: Rng,
    /// Since the beginning.
    pub now: Duration,
    /// The brokers.
    pub broker: Broker,
    /// What really happened.
    pub truth: Truth,
    /// The first rule that was broken.
    pub broken: Option<Broken>,
    /// What happened, for people, if they want it.
    pub trace: Option<Vec<String>>,
    /// Faults have ceased, and all is brought to its end.
    pub over: bool,
    steps_left: usize,
    depth: usize,
}

/// How deep steps within calls may lie.
const DEPTH_MAX: usize = 3;

impl World {
    /// Before anything has happened.
    pub fn new(plan: Plan, with_trace: bool) -> Arc<World> {
        let inner = Inner {
            rng: Rng::new(plan.options.seed ^ 0xA5A5),
            now: Duration::ZERO,
            broker: Broker::new(plan.places.len(), plan.outputs.len()),
            truth: Truth::new(plan.transaction_bytes.is_some()),
            broken: None,
            trace: with_trace.then(Vec::new),
            over: false,
            steps_left: plan.steps,
            depth: 0,
        };
        Arc::new(World {
            plan,
            inner: Mutex::new(inner),
            hosts: Mutex::default(),
        })
    }

    /// All but the engine.
    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All hosts that there have been; those that are dead too.
    pub fn hosts(&self) -> MutexGuard<'_, Vec<Arc<Host>>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hosts that live.
    pub fn living(&self) -> Vec<Arc<Host>> {
        let hosts = self.hosts();
        hosts.iter().filter(|host| host.lives()).cloned().collect()
    }

    /// Time passes, for all.
    pub fn advance(&self, by: Duration) {
        self.inner().now += by;
        for host in self.living() {
            host.hands.advance(by);
        }
    }

    /// Steps until the faults cease; false once a rule is broken.
    pub fn run(self: &Arc<Self>) {
        while self.step() {}
    }

    /// While a guest runs, others do something.
    pub fn meanwhile(self: &Arc<Self>) {
        let steps = {
            let mut inner = self.inner();
            if inner.over || inner.depth >= DEPTH_MAX || !inner.rng.per_mille(300) {
                return;
            }
            inner.depth += 1;
            inner.rng.within(1, 5)
        };
        for _ in 0..steps {
            self.step();
        }
        self.inner().depth -= 1;
    }

    /// One thing happens; whether more may.
    fn step(self: &Arc<Self>) -> bool {
        let (draw, is_fault) = {
            let mut inner = self.inner();
            if inner.broken.is_some() || inner.steps_left == 0 {
                return false;
            }
            inner.steps_left -= 1;
            let is_fault = inner.rng.per_mille(self.plan.faults_per_mille);
            (inner.rng.below(100), is_fault)
        };
        if is_fault {
            self.fault();
        } else {
            let hosts = self.living();
            let host = self.inner().rng.pick(&hosts).cloned();
            self.everyday(draw, host.as_ref());
        }
        self.check();
        true
    }

    fn everyday(self: &Arc<Self>, draw: usize, host: Option<&Arc<Host>>) {
        let Some(host) = host else {
            self.start_host();
            return;
        };
        match draw {
            0..28 => {
                let number = {
                    let loops = host.hands.loops();
                    self.inner().rng.below(loops)
                };
                host.hands.step(number);
            }
            28..34 => {
                host.hands.step(0);
            }
            34..48 => host.poll(self),
            48..56 => host.housekeeping(self),
            56..72 => self.produce(host.number),
            72..84 => self.deliver(host),
            84..88 => self.coordinate(),
            88..92 => self.place_partitions(),
            92..99 => self.pass_time(host),
            _ => self.start_host(),
        }
    }

    fn pass_time(&self, host: &Host) {
        let by = {
            let mut inner = self.inner();
            match (inner.rng.below(3), host.hands.wakes_at()) {
                (0, Some(at)) => at.saturating_sub(host.hands.now()),
                _ => Duration::from_micros(inner.rng.below(15_000) as u64),
            }
        };
        self.advance(by.min(Duration::from_millis(500)));
    }

    /// Starts a host if one is missing.
    pub fn start_host(self: &Arc<Self>) {
        if self.living().len() < self.plan.hosts {
            let number = self.hosts().len();
            let host = Host::start(self, number);
            self.hosts().push(host);
            let mut inner = self.inner();
            inner.broker.join(number);
            inner.note(|| format!("host {number} starts"));
        }
    }

    /// What must hold between any two steps.
    pub fn check(&self) {
        for host in self.living() {
            let result = host.check(self);
            self.inner().hold(result);
            if self.inner().broken.is_some() {
                return;
            }
        }
    }
}

impl Inner {
    /// Keeps what was broken first; the value if nothing was.
    pub fn hold<T>(&mut self, result: Result<T, Broken>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(broken) => {
                self.note(|| format!("BROKEN: {broken}"));
                self.broken.get_or_insert(broken);
                None
            }
        }
    }

    /// A line of the trace.
    pub fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let indent = "  ".repeat(self.depth);
            let ms = self.now.as_secs_f64() * 1000.0;
            trace.push(format!("{ms:9.2} ms  {indent}{}", line()));
        }
    }
}
