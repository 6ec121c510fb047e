//! What a running consumer may be told to do, from any thread.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::native::{Handle, Queue};
use crate::reset::{Move, ResetOutcome};

/// How long Kafka may take to say how many partitions a topic has.
const LOOKUP: Duration = Duration::from_secs(2);

/// Hands orders to a running consumer.
#[derive(Clone)]
pub struct Orders {
    sender: Sender<Order>,
    /// Weak, so that the client ends on its own thread, whoever holds this.
    queue: Weak<Queue>,
    handle: Weak<Handle>,
}

/// An order to the poll thread.
pub(crate) struct Order {
    pub moves: Vec<Move>,
    /// Only says whether it could be done.
    pub dry_run: bool,
    /// From then on nobody waits for the outcome, and it is not begun any more.
    pub until: Instant,
    pub reply: SyncSender<ResetOutcome>,
}

impl Orders {
    /// Orders to the thread that polls this queue, and where it finds them.
    pub(crate) fn to(handle: &Arc<Handle>, queue: &Arc<Queue>) -> (Orders, Receiver<Order>) {
        let (sender, receiver) = channel();
        let orders = Orders {
            sender,
            queue: Arc::downgrade(queue),
            handle: Arc::downgrade(handle),
        };
        (orders, receiver)
    }

    /// How many partitions a topic has; `None` where Kafka does not say within two seconds, or the
    /// consumer has ended.
    pub fn partition_count(&self, topic: &str) -> Option<i32> {
        let handle = self.handle.upgrade()?;
        handle.partition_count(topic, LOOKUP).ok()
    }

    /// Puts partitions elsewhere, and waits for what came of it; `dry_run` only asks whether that
    /// could be done. `None` when no answer came within `wait`: it may still be done, or may have
    /// been when the host stopped.
    pub fn reset(&self, moves: Vec<Move>, dry_run: bool, wait: Duration) -> Option<ResetOutcome> {
        let (reply, answer) = sync_channel(1);
        let order = Order {
            moves,
            dry_run,
            until: Instant::now() + wait,
            reply,
        };
        self.sender.send(order).ok()?;
        if let Some(queue) = self.queue.upgrade() {
            queue.wake();
        }
        answer.recv_timeout(wait).ok()
    }
}
