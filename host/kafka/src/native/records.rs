//! A consumer's records, apart from its other events.
//!
//! As events of the consumer's queue they would be polled one by one, and librdkafka reads three
//! clocks for each poll. From a queue of their own many are taken in one call.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use rdkafka_sys as sys;

use super::Error;
use super::event::Message;
use super::handle::{Handle, topic_name};
use super::list::PartitionOffset;
use super::queue::Queue;

/// The queue of a consumer's records.
pub struct Records {
    queue: Queue,
    handle: Arc<Handle>,
    /// Woken when records come; must outlive the queue's callback.
    _events: Arc<Queue>,
}

impl Records {
    /// With no partition yet. Records that come end a poll of `events`.
    pub fn new(handle: &Arc<Handle>, events: &Arc<Queue>) -> Records {
        let queue = Queue::fresh(handle);
        // SAFETY: both queues are live; the callback is disabled before `events` goes.
        unsafe {
            sys::rd_kafka_queue_cb_event_enable(queue.raw(), Some(wake), events.raw().cast());
        }
        Records {
            queue,
            handle: Arc::clone(handle),
            _events: Arc::clone(events),
        }
    }

    /// From now on the records of these partitions come here, and so do their errors.
    ///
    /// # Errors
    /// A name that no topic can have.
    pub fn bring(&self, partitions: &[PartitionOffset]) -> Result<(), Error> {
        for entry in partitions {
            let topic = topic_name(&entry.topic)?;
            // SAFETY: handle and queues are live; our reference to the partition's is given back.
            unsafe {
                let from = sys::rd_kafka_queue_get_partition(
                    self.handle.raw(),
                    topic.as_ptr(),
                    entry.partition,
                );
                sys::rd_kafka_queue_forward(from, self.queue.raw());
                sys::rd_kafka_queue_destroy(from);
            }
        }
        Ok(())
    }

    /// Hands over what is there, at most `most` messages; does not wait. Whether there may be more.
    ///
    /// `rd_kafka_consume_batch_queue` would do the same with an array, but takes a partition's error
    /// for the record at its offset: that record would never be fetched.
    pub fn take(&self, most: usize, each: &mut dyn FnMut(Message<'_>)) -> bool {
        let mut taking = Taking {
            client: self.handle.raw(),
            left: most,
            each,
        };
        let opaque = (&raw mut taking).cast();
        // SAFETY: the queue is live, and so is `taking` until the call returns; nobody else has it.
        unsafe {
            sys::rd_kafka_consume_callback_queue(self.queue.raw(), 0, Some(taken), opaque);
        }
        taking.left == 0
    }
}

/// What a callback is given.
struct Taking<'a> {
    client: *mut sys::rd_kafka_t,
    left: usize,
    each: &'a mut dyn FnMut(Message<'_>),
}

/// librdkafka calls this within `take`, on the same thread and with no queue locked. The message is
/// its own, and goes after the call.
unsafe extern "C" fn taken(message: *mut sys::rd_kafka_message_t, opaque: *mut c_void) {
    // SAFETY: `opaque` is what `take` gave, which lives and is used by nobody else; the message lives
    // for the time of the call. To yield puts what is left back into the queue.
    unsafe {
        let taking = &mut *opaque.cast::<Taking<'_>>();
        (taking.each)(Message::of(&*message));
        taking.left = taking.left.saturating_sub(1);
        if taking.left == 0 {
            sys::rd_kafka_yield(taking.client);
        }
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        // SAFETY: both queues are live; afterwards no thread calls back.
        unsafe { sys::rd_kafka_queue_cb_event_enable(self.queue.raw(), None, ptr::null_mut()) };
    }
}

/// librdkafka calls this on any of its threads, with the queue of records locked.
unsafe extern "C" fn wake(_: *mut sys::rd_kafka_t, events: *mut c_void) {
    // SAFETY: `events` is the queue that `new` gave, which outlives this callback.
    unsafe { sys::rd_kafka_queue_yield(events.cast()) }
}
