//! The engine without threads and without a clock: whoever holds [`Hands`] says what time it is and
//! which loop does its next round. The simulation does (docs/simulation.md); a host does not.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::machine::{Round, Rounds};

/// Time and loops of one engine, see [`crate::Engine::start_by_hand`].
#[derive(Default)]
pub struct Hands {
    now_ns: AtomicU64,
    loops: Mutex<Vec<Loop>>,
}

#[derive(Default)]
struct Loop {
    /// Away while it does a round: a round may take others in between.
    rounds: Option<Box<dyn Rounds>>,
    asleep: Option<Sleep>,
    woken: bool,
}

#[derive(Clone, Copy)]
struct Sleep {
    until: Option<Duration>,
}

impl Hands {
    /// At time zero, with nothing to do.
    pub fn new() -> Arc<Hands> {
        Arc::default()
    }

    /// Time since the engine started.
    pub fn now(&self) -> Duration {
        Duration::from_nanos(self.now_ns.load(Ordering::Relaxed))
    }

    /// Time passes.
    pub fn advance(&self, by: Duration) {
        self.now_ns
            .fetch_add(by.as_nanos() as u64, Ordering::Relaxed);
    }

    /// How many loops there have been: the ticker is number 0, the others are workers, and the
    /// transactor if there is one.
    pub fn loops(&self) -> usize {
        self.lock().len()
    }

    /// Has a loop do a round; whether it did anything. It does not while it is in a round already,
    /// sleeps, or is over.
    pub fn step(&self, number: usize) -> bool {
        let mut loops = self.lock();
        let it = &mut loops[number];
        let sleeps = it.asleep.is_some_and(|sleep| {
            let due = sleep.until.is_some_and(|until| until <= self.now());
            !due && !std::mem::take(&mut it.woken)
        });
        if sleeps {
            return false;
        }
        let Some(mut rounds) = it.rounds.take() else {
            return false;
        };
        it.asleep = None;
        drop(loops);
        let round = rounds.round(false);
        let it = &mut self.lock()[number];
        match round {
            Round::Again | Round::Idle => it.rounds = Some(rounds),
            Round::Asleep(until) => {
                it.rounds = Some(rounds);
                it.asleep = Some(Sleep { until });
            }
            Round::Over => {}
        }
        round != Round::Idle
    }

    /// When a loop that sleeps wakes by itself.
    pub fn wakes_at(&self) -> Option<Duration> {
        let loops = self.lock();
        loops.iter().filter_map(|it| it.asleep?.until).min()
    }

    /// Ends all loops that are in no round, wherever they are: the engine can be dropped then.
    pub fn let_go(&self) {
        let loops = std::mem::take(&mut *self.lock());
        drop(loops);
    }

    pub(crate) fn take_on(&self, rounds: Box<dyn Rounds>) {
        let rounds = Some(rounds);
        let (asleep, woken) = (None, false);
        let it = Loop {
            rounds,
            asleep,
            woken,
        };
        self.lock().push(it);
    }

    /// Wakes a loop that sleeps.
    pub(crate) fn wake(&self, number: usize) {
        if let Some(it) = self.lock().get_mut(number) {
            it.woken = true;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Loop>> {
        self.loops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
