//! The instances of one handler and one topic: as many as are needed at once, reused, and replaced
//! when they are spent.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use penstock_core::config::{self, HandlerLimits, Isolation};
use penstock_core::contract::{Description, SettingError};
use penstock_core::record::Record;
use penstock_core::staging::Staging;
use penstock_core::verdict::{Failure, Outcome};
use penstock_engine::ports::{Call, HandlerPool, Instance};

use crate::bounds::{self, TEXT_BYTES_MAX};
use crate::guest::{Guest, NoGuest};
use crate::plugin::Plugin;
use crate::state::State;

/// An instance that has handled so many records is replaced: what a guest leaks stays bounded.
const RECORDS_MAX: u32 = 100_000;
/// On top of it, different for each, so that not all are replaced at once.
const RECORDS_JITTER: u32 = 50_000;

/// A plugin's use by one handler for one topic.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The name it is configured under.
    pub handler: Arc<str>,
    /// The input topic.
    pub topic: Arc<str>,
    /// What the guest is given in `configure`.
    pub settings: Vec<(String, String)>,
    /// What one call may use.
    pub limits: HandlerLimits,
    /// Whether an instance serves more than one record.
    pub isolation: Isolation,
    /// Whether the guest wants its records' headers.
    pub headers: bool,
    /// How many outputs the guest declares.
    pub outputs: u32,
}

impl Binding {
    /// As configured, for a plugin that described itself so.
    pub fn new(
        name: &str,
        topic: &str,
        handler: &config::Handler,
        description: &Description,
    ) -> Self {
        let settings = handler.settings.iter();
        Binding {
            handler: name.into(),
            topic: topic.into(),
            settings: settings
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            limits: handler.limits.clone(),
            isolation: handler.isolation,
            headers: description.headers,
            outputs: u32::try_from(description.outputs.len()).unwrap_or(u32::MAX),
        }
    }
}

/// The instances of one handler and one topic.
///
/// A fresh instance is started and configured within [`HandlerPool::checkout`], under the
/// handler's deadline: the clock must tick then, as it must during `handle`.
pub struct Pool {
    plugin: Arc<Plugin>,
    binding: Binding,
    free: Mutex<Vec<Box<dyn Instance>>>,
    /// Instances alive: free ones and those that are out.
    alive: Arc<AtomicU32>,
    started: AtomicU32,
}

impl Pool {
    pub(crate) fn new(plugin: Arc<Plugin>, binding: Binding) -> Self {
        Pool {
            plugin,
            binding,
            free: Mutex::default(),
            alive: Arc::default(),
            started: AtomicU32::new(0),
        }
    }

    /// Starts and configures an instance, and drops it: what the guest says is wrong with its
    /// settings, or nothing. Needs no clock to tick.
    ///
    /// # Errors
    /// Whatever kept the instance from answering.
    pub fn try_configure(&self) -> Result<Vec<SettingError>, Failure> {
        let answer = self.plugin.clock.watched(|| {
            self.start()
                .and_then(|mut guest| self.configure(&mut guest))
        });
        answer.map_err(failure)
    }

    fn start(&self) -> Result<Guest, NoGuest> {
        let binding = &self.binding;
        let state = State::new(
            Arc::clone(&binding.handler),
            Arc::clone(&binding.topic),
            &binding.limits,
            binding.outputs,
        );
        Guest::start(&self.plugin, state, binding.headers)
    }

    fn configure(&self, guest: &mut Guest) -> Result<Vec<SettingError>, NoGuest> {
        let binding = &self.binding;
        guest.configure(&self.plugin.exports, &binding.topic, &binding.settings)
    }

    fn fresh(&self) -> Result<Guest, Failure> {
        let mut guest = self.start().map_err(failure)?;
        let refused = self.configure(&mut guest).map_err(failure)?;
        if refused.is_empty() {
            return Ok(guest);
        }
        let refused = refused
            .iter()
            .map(|error| format!("`{}`: {}", error.name, error.problem))
            .collect::<Vec<_>>()
            .join("; ");
        Err(Failure::Trap {
            message: bounds::cut(
                format!("the handler refused its settings: {refused}"),
                TEXT_BYTES_MAX,
            ),
            trace: String::new(),
        })
    }

    /// Records that the next fresh instance handles at most.
    fn records_max(&self) -> u32 {
        if self.binding.isolation == Isolation::Record {
            return 1;
        }
        let serial = self.started.fetch_add(1, Ordering::Relaxed);
        // Fibonacci hashing spreads consecutive numbers evenly.
        RECORDS_MAX + serial.wrapping_mul(0x9e37_79b9) % RECORDS_JITTER
    }
}

impl HandlerPool for Pool {
    fn checkout(&self) -> Result<Option<Box<dyn Instance>>, Failure> {
        let free = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.pop()
        };
        if free.is_some() {
            return Ok(free);
        }
        let Some(place) = Place::take(&self.alive, self.binding.limits.instances) else {
            return Ok(None);
        };
        let guest = self.fresh()?;
        Ok(Some(Box::new(Running {
            memory_bytes_max: memory_bytes_max(&guest, &self.binding.limits),
            guest,
            records: 0,
            records_max: self.records_max(),
            _place: place,
        })))
    }

    fn give_back(&self, instance: Box<dyn Instance>) {
        if !instance.is_spent() {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.push(instance);
        }
    }
}

/// Beyond half of what the limit leaves above a fresh instance, a guest is nearer to failing for
/// want of memory than to fresh: since WebAssembly gives no memory back, it is replaced.
fn memory_bytes_max(fresh: &Guest, limits: &HandlerLimits) -> usize {
    let limit = usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX);
    let used = fresh.memory_bytes();
    used + limit.saturating_sub(used) / 2
}

fn failure(error: NoGuest) -> Failure {
    match error {
        NoGuest::Failed(failure) => failure,
        NoGuest::Mismatch(message) => Failure::Trap {
            message,
            trace: String::new(),
        },
    }
}

/// One of the instances that may be alive; given up when it is dropped, wherever that happens.
struct Place(Arc<AtomicU32>);

impl Place {
    fn take(alive: &Arc<AtomicU32>, max: u32) -> Option<Self> {
        let more = |alive| (alive < max).then_some(alive + 1);
        alive
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .is_ok()
            .then(|| Place(Arc::clone(alive)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Running {
    guest: Guest,
    records: u32,
    records_max: u32,
    memory_bytes_max: usize,
    _place: Place,
}

impl Instance for Running {
    fn handle(
        &mut self,
        record: &Record<'_>,
        call: Call,
        staging: &mut Staging,
    ) -> Result<Outcome, Failure> {
        self.records += 1;
        self.guest.handle(record, call, staging)
    }

    fn is_spent(&self) -> bool {
        self.guest.is_dead()
            || self.records >= self.records_max
            || self.guest.memory_bytes() > self.memory_bytes_max
    }

    fn memory_bytes(&self) -> u64 {
        self.guest.memory_bytes() as u64
    }
}
