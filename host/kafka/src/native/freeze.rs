//! Holds a producer's partition still from the moment on at which a broker refuses messages for it,
//! before anything behind them is sent, until each of them is settled.
//!
//! librdkafka goes on behind a batch that was refused, so what waited behind it would overtake what
//! is sent again of it. It calls an interceptor for each message that has its answer, on the thread
//! that got the answer, before anything else of that partition can leave: until that call is over,
//! the request counts as in flight, and an idempotent producer waits for those after a refusal.
//! There the partition is paused.

use std::ffi::{CStr, c_char, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::error::RDKafkaErrorCode;
use rdkafka_sys as sys;

use super::Error;
use super::handle::Handle;
use super::list::{List, PartitionOffset, checked, error_code};

const NAME: &CStr = c"penstock-freeze";

/// The partitions of one producer that are held still.
pub struct Frozen {
    is_refusal: fn(RDKafkaErrorCode) -> bool,
    partitions: Mutex<Vec<Still>>,
    stopped: AtomicBool,
}

struct Still {
    topic: Arc<str>,
    partition: i32,
    /// Messages that were refused and are not settled.
    unsettled: u64,
}

impl Frozen {
    /// Nothing is held. A message that fails with what `is_refusal` accepts holds its partition;
    /// that must be an answer of the broker's.
    pub fn new(is_refusal: fn(RDKafkaErrorCode) -> bool) -> Arc<Frozen> {
        Arc::new(Frozen {
            is_refusal,
            partitions: Mutex::default(),
            stopped: AtomicBool::new(false),
        })
    }

    /// Whether the message that failed with this holds its partition until it is settled.
    pub fn holds(&self, code: RDKafkaErrorCode) -> bool {
        (self.is_refusal)(code)
    }

    /// One of the messages that were refused is settled. After the last, the partition of
    /// `handle`, whose this is, goes on.
    pub fn settled(&self, handle: &Handle, topic: &str, partition: i32) {
        let mut partitions = self.lock();
        let Some(index) = position(&partitions, topic, partition) else {
            return;
        };
        partitions[index].unsettled -= 1;
        if partitions[index].unsettled > 0 {
            return;
        }
        let still = partitions.swap_remove(index);
        let entry = PartitionOffset::new(&still.topic, partition, 0);
        if let Err(error) = handle.resume(&[entry]) {
            tracing::error!(topic, partition, "outputs can't go on: {error}");
        }
        drop(partitions);
        // A resumption wakes nobody; a flush does.
        handle.flush(Duration::ZERO);
    }

    /// Holds nothing any more: the producer is to end.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    /// Has the client that is made of these settings call [`acknowledged`]. `self` must outlive it.
    pub(super) fn watch(
        self: &Arc<Self>,
        settings: *mut sys::rd_kafka_conf_t,
    ) -> Result<(), Error> {
        let opaque = Arc::as_ptr(self).cast_mut().cast();
        // SAFETY: the settings are live, the name is a constant, and the caller keeps `self`.
        checked(unsafe {
            sys::rd_kafka_conf_interceptor_add_on_new(
                settings,
                NAME.as_ptr(),
                Some(created),
                opaque,
            )
        })
    }

    /// A broker refused a message.
    fn refused(&self, client: *mut sys::rd_kafka_t, topic: &str, partition: i32) {
        let mut partitions = self.lock();
        if let Some(index) = position(&partitions, topic, partition) {
            partitions[index].unsettled += 1;
            return;
        }
        let topic: Arc<str> = Arc::from(topic);
        if let Ok(list) = List::of(&[PartitionOffset::new(&topic, partition, 0)]) {
            // SAFETY: the client calls this, so it is live, and so is the list. The call waits for
            // the client's main thread, which waits for no thread that may be here. It answers by
            // partition, and each is known, since it was sent to.
            unsafe { sys::rd_kafka_pause_partitions(client, list.ptr()) };
        }
        partitions.push(Still {
            topic,
            partition,
            unsettled: 1,
        });
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Still>> {
        self.partitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn position(partitions: &[Still], topic: &str, partition: i32) -> Option<usize> {
    partitions
        .iter()
        .position(|still| *still.topic == *topic && still.partition == partition)
}

/// librdkafka calls this when it makes the client.
unsafe extern "C" fn created(
    client: *mut sys::rd_kafka_t,
    _settings: *const sys::rd_kafka_conf_t,
    opaque: *mut c_void,
    _problem: *mut c_char,
    _problem_len: usize,
) -> sys::rd_kafka_resp_err_t {
    // SAFETY: the client is live, the name is a constant, and `opaque` outlives the client.
    unsafe {
        sys::rd_kafka_interceptor_add_on_acknowledgement(
            client,
            NAME.as_ptr(),
            Some(acknowledged),
            opaque,
        )
    }
}

/// librdkafka calls this for each message that is acknowledged or has failed, mostly on a broker's
/// thread, with no lock held.
unsafe extern "C" fn acknowledged(
    client: *mut sys::rd_kafka_t,
    message: *mut sys::rd_kafka_message_t,
    opaque: *mut c_void,
) -> sys::rd_kafka_resp_err_t {
    // SAFETY: the message is live, and `opaque` is what `watch` gave, which outlives the client.
    let (message, frozen) = unsafe { (&*message, &*opaque.cast::<Frozen>()) };
    if let Some(code) = error_code(message.err)
        && frozen.holds(code)
        && message.partition >= 0
        && !frozen.stopped.load(Ordering::Acquire)
    {
        // SAFETY: a message holds its topic, and with it the name.
        let topic = unsafe { CStr::from_ptr(sys::rd_kafka_topic_name(message.rkt)) };
        frozen.refused(
            client,
            topic.to_str().unwrap_or_default(),
            message.partition,
        );
    }
    sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR
}
