//! What the engine has of the machine it runs on: the time, and threads for its loops. A host has
//! the system's; the simulation holds both in its hands ([`crate::hands`]).

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::hands::Hands;
use crate::thread::Thread;

pub(crate) enum Machine {
    System { started: Instant },
    ByHand(Arc<Hands>),
}

/// A loop of the engine's, one round at a time.
pub(crate) trait Rounds: Send {
    /// Does what is there; if it may `wait`, until something is.
    fn round(&mut self, wait: bool) -> Round;
}

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Round {
    /// Something was done, and more may be there.
    Again,
    /// Nothing was there, and it would have waited.
    Idle,
    /// It would have slept until then, or until it is woken.
    Asleep(Option<Duration>),
    /// The last one.
    Over,
}

/// Wakes a loop that sleeps.
pub(crate) enum Waker {
    Thread(std::thread::Thread),
    ByHand(Arc<Hands>, usize),
}

impl Machine {
    /// Time since the engine started; what `core` is told.
    pub fn now(&self) -> Duration {
        match self {
            Machine::System { started } => started.elapsed(),
            Machine::ByHand(hands) => hands.now(),
        }
    }

    /// By the clock that people read: milliseconds since 1970.
    pub fn wall_ms(&self) -> i64 {
        match self {
            Machine::System { .. } => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_millis() as i64),
            Machine::ByHand(hands) => hands.now().as_millis() as i64,
        }
    }

    /// Runs the loop that `enter` makes, on a thread of its own, which is the one that calls it.
    pub fn start<R: Rounds + 'static>(
        &self,
        name: String,
        enter: impl FnOnce() -> R + Send + 'static,
    ) -> std::io::Result<Option<JoinHandle<()>>> {
        match self {
            Machine::System { .. } => {
                let thread = std::thread::Builder::new().name(name);
                let run = move || {
                    let mut rounds = enter();
                    while rounds.round(true) != Round::Over {}
                };
                thread.spawn(run).map(Some)
            }
            Machine::ByHand(hands) => {
                hands.take_on(Box::new(enter()));
                Ok(None)
            }
        }
    }

    /// The calling thread, if it is the loop's own.
    pub fn thread(&self) -> Option<Thread> {
        match self {
            Machine::System { .. } => Some(Thread::current()),
            Machine::ByHand(_) => None,
        }
    }

    /// Wakes the calling loop, which is about to be taken on if it is by hand.
    pub fn waker(&self) -> Waker {
        match self {
            Machine::System { .. } => Waker::Thread(std::thread::current()),
            Machine::ByHand(hands) => Waker::ByHand(Arc::clone(hands), hands.loops()),
        }
    }
}

impl Waker {
    pub fn wake(&self) {
        match self {
            Waker::Thread(thread) => thread.unpark(),
            Waker::ByHand(hands, number) => hands.wake(*number),
        }
    }
}
