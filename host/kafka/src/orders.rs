//! What a running consumer may be told to do, from any thread.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::native::Queue;
use crate::reset::{Move, ResetOutcome};

/// Hands orders to a running consumer.
#[derive(Clone)]
pub struct Orders {
    sender: Sender<Order>,
    /// Weak, so that the client ends on its own thread, whoever holds this.
    queue: Weak<Queue>,
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
    pub(crate) fn to(queue: &Arc<Queue>) -> (Orders, Receiver<Order>) {
        let (sender, receiver) = channel();
        let queue = Arc::downgrade(queue);
        (Orders { sender, queue }, receiver)
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
