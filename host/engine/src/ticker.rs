//! The thread that keeps time: epoch ticks while a guest runs, held-up workers, timers. It sleeps
//! when nothing runs and no timer is set.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use crate::cell::Partition;
use crate::machine::{Round, Rounds, Waker};
use crate::ports::TICK;
use crate::shared::Shared;

/// A worker whose call has taken so much of its processor since it was first seen is held up.
const HELD_UP_CPU: Duration = Duration::from_millis(3);
/// Or one that has been in it for so many ticks: a thread that the machine does not run is none
/// of its guest's fault, but a call that blocks takes no time of the processor either.
const HELD_UP_TICKS: u32 = 25;

/// The ticker stays awake so many ticks after the last run, so that a steady trickle of records
/// does not wake it each time.
const LINGER_TICKS: u32 = 10;

#[derive(Default)]
pub(crate) struct Ticker {
    runs: AtomicUsize,
    asleep: AtomicBool,
    stopped: AtomicBool,
    waker: OnceLock<Waker>,
    timers: Mutex<BinaryHeap<Reverse<Timer>>>,
}

struct Timer {
    at: Duration,
    /// `None`: pauses are to be looked at.
    partition: Option<Weak<Partition>>,
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}
impl Eq for Timer {}
impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl Ticker {
    /// A worker begins a run of guest calls.
    pub fn run_begins(&self) {
        self.runs.fetch_add(1, Ordering::SeqCst);
        if self.asleep.load(Ordering::SeqCst) {
            self.unpark();
        }
    }

    /// And ends it.
    pub fn run_ends(&self) {
        self.runs.fetch_sub(1, Ordering::SeqCst);
    }

    pub fn wake_at(&self, at: Duration, partition: &Arc<Partition>) {
        self.timers().push(Reverse(Timer {
            at,
            partition: Some(Arc::downgrade(partition)),
        }));
        self.unpark();
    }

    /// A pause is over then.
    pub fn pause_ends_at(&self, at: Duration) {
        self.timers().push(Reverse(Timer {
            at,
            partition: None,
        }));
        self.unpark();
    }

    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.unpark();
    }

    fn unpark(&self) {
        if let Some(waker) = self.waker.get() {
            waker.wake();
        }
    }

    fn timers(&self) -> std::sync::MutexGuard<'_, BinaryHeap<Reverse<Timer>>> {
        self.timers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fires the timers that are due; answers when the next one is.
    fn fire_due(&self, shared: &Shared) -> Option<Duration> {
        loop {
            let mut timers = self.timers();
            let Reverse(next) = timers.peek()?;
            if next.at > shared.now() {
                return Some(next.at);
            }
            let Reverse(due) = timers.pop().expect("it was peeked");
            drop(timers);
            match due.partition.map(|partition| partition.upgrade()) {
                Some(Some(partition)) => shared.timer(&partition),
                Some(None) => {}
                None => shared.end_pauses(),
            }
        }
    }
}

/// The thread's life. Ends after [`Ticker::stop`].
pub(crate) struct Loop {
    shared: Arc<Shared>,
    watched: Watched,
    idle_ticks: u32,
}

impl Loop {
    /// The calling loop is the ticker.
    pub fn enter(shared: Arc<Shared>) -> Loop {
        let waker = shared.machine.waker();
        let alone = shared.ticker.waker.set(waker);
        alone.unwrap_or_else(|_| unreachable!("one ticker an engine"));
        Loop {
            watched: Watched {
                last_tick: shared.now(),
                threads: vec![Watch::default(); shared.lanes.slots().len()],
            },
            shared,
            idle_ticks: 0,
        }
    }
}

impl Rounds for Loop {
    fn round(&mut self, wait: bool) -> Round {
        let ticker = &self.shared.ticker;
        if ticker.stopped.load(Ordering::SeqCst) {
            return Round::Over;
        }
        ticker.asleep.store(false, Ordering::SeqCst);
        let next = ticker.fire_due(&self.shared);
        let left = |at: Duration| at.saturating_sub(self.shared.now());
        if ticker.runs.load(Ordering::SeqCst) > 0 {
            self.idle_ticks = 0;
        } else if self.idle_ticks < LINGER_TICKS {
            self.idle_ticks += 1;
        } else {
            ticker.asleep.store(true, Ordering::SeqCst);
            let sleeps = ticker.runs.load(Ordering::SeqCst) == 0;
            if sleeps && !wait {
                return Round::Asleep(next);
            }
            if sleeps {
                match next {
                    Some(at) => std::thread::park_timeout(left(at)),
                    None => std::thread::park(),
                }
            }
            return Round::Again;
        }
        if wait {
            std::thread::park_timeout(next.map_or(TICK, |at| TICK.min(left(at))));
        }
        self.watched.tick(&self.shared);
        Round::Again
    }
}

/// What the ticker saw last.
struct Watched {
    last_tick: Duration,
    threads: Vec<Watch>,
}

/// The call a thread was in, for how many ticks, and its processor time when that was first seen.
#[derive(Clone, Default)]
struct Watch {
    call: u64,
    ticks: u32,
    cpu: Duration,
    held_up: bool,
}

impl Watched {
    /// At most one tick a wake-up and a [`TICK`], so that a machine that slept times nobody out.
    fn tick(&mut self, shared: &Arc<Shared>) {
        let now = shared.now();
        if now.saturating_sub(self.last_tick) < TICK {
            return;
        }
        self.last_tick = now;
        shared.clock.tick();
        for (slot, watch) in shared.lanes.slots().iter().zip(&mut self.threads) {
            let call = slot.call.load(Ordering::Relaxed);
            if call == 0 || call != watch.call {
                watch.call = call;
                watch.ticks = 0;
                watch.held_up = false;
                continue;
            }
            watch.ticks += 1;
            if watch.ticks == 1 {
                watch.cpu = slot.processor_time();
            } else if !watch.held_up {
                let ran = slot.processor_time().saturating_sub(watch.cpu);
                watch.held_up = ran >= HELD_UP_CPU || watch.ticks >= HELD_UP_TICKS;
                if watch.held_up {
                    shared.lanes.held_up(shared, slot, call);
                }
            }
        }
    }
}
