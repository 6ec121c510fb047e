//! What the transactor shares with workers, sources and the delivery thread.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::cell::{Partition, State};
use crate::machine::Waker;
use crate::plan::Delivery;
use crate::ports::{AckToken, Blame, OutputTopic, Refusal};
use crate::shared::Shared;
use crate::waiting::Waiting;

/// See the module. There is one if the delivery is exactly once.
pub(crate) struct Transacting {
    pub commit_interval: Duration,
    pub bytes_max: u64,
    /// Partitions with something that may enter, or a position that has moved.
    ready: Waiting,
    /// Messages that the sink has taken and not reported.
    unreported: AtomicU64,
    refused: Mutex<Vec<Refused>>,
    /// The open transaction can only be aborted.
    pub doomed: AtomicBool,
    /// It is to be committed at once.
    pub hurry: AtomicBool,
    /// Partitions were shut: it may have to be aborted.
    pub look: AtomicBool,
    /// Nothing is committed any more.
    pub failed: AtomicBool,
    pub stopped: AtomicBool,
    /// The transactor wants to know of each report.
    pub awaits: AtomicBool,
    woken: AtomicBool,
    asleep: AtomicBool,
    pub waker: OnceLock<Waker>,
}

/// A message that was not taken.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub token: AckToken,
    pub topic: OutputTopic,
    pub blame: Blame,
    pub why: String,
    /// It was refused by itself, and not with others.
    pub alone: bool,
}

impl Transacting {
    pub fn new(delivery: Delivery) -> Option<Transacting> {
        let Delivery::ExactlyOnce {
            commit_interval,
            bytes_max,
        } = delivery
        else {
            return None;
        };
        Some(Transacting {
            commit_interval,
            bytes_max,
            ready: Waiting::default(),
            unreported: AtomicU64::new(0),
            refused: Mutex::default(),
            doomed: AtomicBool::new(false),
            hurry: AtomicBool::new(false),
            look: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            awaits: AtomicBool::new(false),
            woken: AtomicBool::new(false),
            asleep: AtomicBool::new(false),
            waker: OnceLock::new(),
        })
    }

    /// Has the transactor look round.
    pub fn signal(&self) {
        self.woken.store(true, Ordering::SeqCst);
        if self.asleep.load(Ordering::SeqCst)
            && let Some(waker) = self.waker.get()
        {
            waker.wake();
        }
    }

    /// The transactor looks round now.
    pub fn looks(&self) {
        self.asleep.store(false, Ordering::SeqCst);
        self.woken.store(false, Ordering::SeqCst);
    }

    /// The transactor is about to sleep; false if it was signalled since it looked round last.
    pub fn may_sleep(&self) -> bool {
        self.asleep.store(true, Ordering::SeqCst);
        !self.woken.load(Ordering::SeqCst)
    }

    /// All that are listed, which are so no longer.
    pub fn take_ready(&self) -> Vec<Arc<Partition>> {
        self.ready.take()
    }

    /// The sink is about to be handed a message.
    pub fn sends(&self) {
        self.unreported.fetch_add(1, Ordering::SeqCst);
    }

    /// It did not take it, and will not report it.
    pub fn did_not_send(&self) {
        self.unreported.fetch_sub(1, Ordering::SeqCst);
    }

    /// Whether all that was sent is reported.
    pub fn all_is_reported(&self) -> bool {
        self.unreported.load(Ordering::SeqCst) == 0
    }

    /// So many messages are durable, if their transaction is committed.
    pub fn reported(&self, messages: usize) {
        self.unreported.fetch_sub(messages as u64, Ordering::SeqCst);
        if self.awaits.load(Ordering::SeqCst) {
            self.signal();
        }
    }

    /// A message was refused: the transaction that it is in can't be committed.
    pub fn refused(&self, refusal: &Refusal) {
        self.note(Refused {
            token: refusal.token,
            topic: refusal.message.topic,
            blame: refusal.blame,
            why: refusal.why.clone(),
            alone: false,
        });
        self.unreported.fetch_sub(1, Ordering::SeqCst);
        self.signal();
    }

    pub fn note(&self, refused: Refused) {
        let mut all = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(refused);
        self.doomed.store(true, Ordering::SeqCst);
    }

    /// What was refused since this was asked last.
    pub fn take_refused(&self) -> Vec<Refused> {
        let mut all = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        self.doomed.store(false, Ordering::SeqCst);
        std::mem::take(&mut all)
    }

    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.signal();
    }
}

impl Shared {
    /// Has the transactor look at a partition.
    pub fn list(&self, partition: &Arc<Partition>, state: &mut State) {
        if let Some(transacting) = &self.transacting
            && !std::mem::replace(&mut state.bundles.listed, true)
        {
            transacting.ready.push(Arc::clone(partition));
            transacting.signal();
        }
    }
}
