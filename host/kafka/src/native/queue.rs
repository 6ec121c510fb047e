//! Event queues.

use std::sync::Arc;
use std::time::Duration;

use rdkafka_sys as sys;

use super::event::{Event, EventKind, Message};
use super::handle::Handle;

/// One of a client's event queues.
pub struct Queue {
    queue: *mut sys::rd_kafka_queue_t,
    /// A queue must not outlive its client.
    _handle: Arc<Handle>,
}

// SAFETY: librdkafka's queues lock themselves; any thread may poll or yield.
unsafe impl Send for Queue {}
// SAFETY: as above.
unsafe impl Sync for Queue {}

impl Queue {
    /// The queue on which a consumer's records, rebalances and errors arrive.
    ///
    /// # Panics
    /// If the client is no consumer with a group.
    pub fn of_consumer(handle: &Arc<Handle>) -> Queue {
        // SAFETY: the handle is live; the main queue is redirected so that one queue has all.
        let queue = unsafe {
            sys::rd_kafka_poll_set_consumer(handle.raw());
            sys::rd_kafka_queue_get_consumer(handle.raw())
        };
        assert!(
            !queue.is_null(),
            "only a consumer with a group has this queue"
        );
        Queue::own(queue, handle)
    }

    /// The queue on which a producer's delivery reports and errors arrive.
    pub fn of_producer(handle: &Arc<Handle>) -> Queue {
        // SAFETY: the handle is live; the reference returned is ours.
        Queue::own(
            unsafe { sys::rd_kafka_queue_get_main(handle.raw()) },
            handle,
        )
    }

    /// A new queue for replies.
    pub fn fresh(handle: &Arc<Handle>) -> Queue {
        // SAFETY: the handle is live; the reference returned is ours.
        Queue::own(unsafe { sys::rd_kafka_queue_new(handle.raw()) }, handle)
    }

    fn own(queue: *mut sys::rd_kafka_queue_t, handle: &Arc<Handle>) -> Queue {
        Queue {
            queue,
            _handle: Arc::clone(handle),
        }
    }

    pub(super) fn raw(&self) -> *mut sys::rd_kafka_queue_t {
        self.queue
    }

    /// The next event; waits for one at most `timeout`.
    pub fn poll(&self, timeout: Duration) -> Option<Event<'_>> {
        // SAFETY: the queue is live; the event returned is ours.
        let event = unsafe { sys::rd_kafka_queue_poll(self.queue, millis(timeout)) };
        Event::own(event)
    }

    /// Gives the delivery reports that are there to `each`; waits for the first at most `timeout`.
    /// Other events are passed over.
    pub fn reports(&self, timeout: Duration, mut each: impl FnMut(&Message<'_>)) {
        let mut wait = timeout;
        while let Some(mut event) = self.poll(wait) {
            wait = Duration::ZERO;
            if event.kind() != EventKind::Delivery {
                continue;
            }
            while let Some(message) = event.next_message() {
                each(&message);
            }
        }
    }

    /// Ends a [`Queue::poll`] that is waiting.
    pub fn wake(&self) {
        // SAFETY: the queue is live.
        unsafe { sys::rd_kafka_queue_yield(self.queue) }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: our reference, given back once, while the client lives.
        unsafe { sys::rd_kafka_queue_destroy(self.queue) }
    }
}

/// As librdkafka counts time-outs; rounded up, so that a wait that is not over is never zero.
pub(super) fn millis(timeout: Duration) -> i32 {
    // Asked once a record, and most often for no wait: without the division of 128 bits.
    if timeout.is_zero() {
        return 0;
    }
    i32::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(i32::MAX)
}
