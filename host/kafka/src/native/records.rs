//! A consumer's records, apart from its other events.
//!
//! As events of the consumer's queue they would be polled one by one, and librdkafka reads three
//! clocks for each poll. From a queue of their own they are taken by the thousand.

use std::ffi::c_void;
use std::ptr::{self, NonNull};
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

    /// Takes what is there, at most as much as `into` has room for; does not wait.
    pub fn take(&self, into: &mut Vec<Fetched>) {
        let room = into.spare_capacity_mut();
        // SAFETY: the queue is live; as many places as returned are written to, each with a message
        // that is ours, which is what a `Fetched` is. Nothing is read of them.
        unsafe {
            let count = sys::rd_kafka_consume_batch_queue(
                self.queue.raw(),
                0,
                room.as_mut_ptr().cast(),
                room.len(),
            );
            into.set_len(into.len() + usize::try_from(count).unwrap_or_default());
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

/// A record, or what a partition failed with.
#[repr(transparent)]
pub struct Fetched(NonNull<sys::rd_kafka_message_t>);

// SAFETY: a message may be read and destroyed on any thread.
unsafe impl Send for Fetched {}

impl Fetched {
    /// What it holds.
    pub fn message(&self) -> Message<'_> {
        // SAFETY: the message is ours, and lives as long as `self`.
        Message::of(unsafe { self.0.as_ref() })
    }
}

impl Drop for Fetched {
    fn drop(&mut self) {
        // SAFETY: owned, and destroyed once.
        unsafe { sys::rd_kafka_message_destroy(self.0.as_ptr()) }
    }
}
