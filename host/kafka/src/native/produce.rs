//! Producing.

use std::ffi::CStr;
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use penstock_core::record::Header;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka_sys as sys;
use sys::rd_kafka_vtype_t as vtype;

use super::Error;
use super::handle::{Handle, owned_error, topic_name};
use super::queue::millis;

/// A producer's grip on a topic.
pub struct TopicHandle {
    topic: *mut sys::rd_kafka_topic_t,
    /// A topic must not outlive its client.
    _handle: Arc<Handle>,
}

// SAFETY: librdkafka's topics may be used from any thread.
unsafe impl Send for TopicHandle {}
// SAFETY: as above.
unsafe impl Sync for TopicHandle {}

impl TopicHandle {
    /// Prepares a topic; whether it exists is not asked.
    ///
    /// # Errors
    /// A name that no topic can have.
    pub fn new(handle: &Arc<Handle>, name: &str) -> Result<TopicHandle, Error> {
        let c_name = topic_name(name)?;
        // SAFETY: the handle is live; null settings mean the client's own.
        let topic =
            unsafe { sys::rd_kafka_topic_new(handle.raw(), c_name.as_ptr(), ptr::null_mut()) };
        if topic.is_null() {
            return Err(RDKafkaErrorCode::InvalidTopic.into());
        }
        Ok(TopicHandle {
            topic,
            _handle: Arc::clone(handle),
        })
    }

    /// The topic's name.
    pub fn name(&self) -> &str {
        // SAFETY: the name lives as long as the topic.
        let name = unsafe { CStr::from_ptr(sys::rd_kafka_topic_name(self.topic)) };
        name.to_str().unwrap_or_default()
    }
}

impl Drop for TopicHandle {
    fn drop(&mut self) {
        // SAFETY: our reference, given back once, while the client lives.
        unsafe { sys::rd_kafka_topic_destroy(self.topic) }
    }
}

/// Headers under construction.
pub struct Headers(*mut sys::rd_kafka_headers_t);

impl Headers {
    /// None yet.
    pub fn new() -> Headers {
        // SAFETY: the function has no precondition.
        Headers(unsafe { sys::rd_kafka_headers_new(8) })
    }

    /// Adds one at the end.
    pub fn push(&mut self, header: Header<'_>) {
        let (value, len) = header.value.map_or((ptr::null(), 0), |value| {
            (value.as_ptr().cast(), value.len() as isize)
        });
        // SAFETY: name and value are copied; a null value is Kafka's null. The call can only
        // fail on headers that are read-only, which these are not.
        unsafe {
            sys::rd_kafka_header_add(
                self.0,
                header.name.as_ptr().cast(),
                header.name.len() as isize,
                value,
                len,
            );
        }
    }
}

impl Drop for Headers {
    fn drop(&mut self) {
        // SAFETY: owned, and destroyed once: `produce` forgets those that it gave away.
        unsafe { sys::rd_kafka_headers_destroy(self.0) }
    }
}

/// What to produce; everything is copied.
pub struct Produced<'a> {
    /// The partition; `None` is by the key.
    pub partition: Option<i32>,
    /// The key; `None` is null.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// The headers.
    pub headers: Option<Headers>,
    /// Milliseconds since 1970; `None` is now.
    pub timestamp_ms: Option<i64>,
    /// Comes back with the report.
    pub token: u64,
}

impl Handle {
    /// Queues a message. Its report comes as an event.
    ///
    /// # Errors
    /// `QueueFull`, `MessageSizeTooLarge`, or that the client has met a fatal error; then no
    /// report comes.
    pub fn produce(
        &self,
        topic: &TopicHandle,
        message: Produced<'_>,
    ) -> Result<(), RDKafkaErrorCode> {
        let headers = message.headers.map(ManuallyDrop::new);
        // One argument list for all: librdkafka takes a partition of -1, a timestamp of 0 and
        // headers of null as "not given".
        let arguments = [
            argument(vtype::RD_KAFKA_VTYPE_RKT, |u| u.rkt = topic.topic),
            argument(vtype::RD_KAFKA_VTYPE_PARTITION, |u| {
                u.i32_ = message.partition.unwrap_or(super::PARTITION_ANY);
            }),
            argument(vtype::RD_KAFKA_VTYPE_MSGFLAGS, |u| {
                u.i = sys::RD_KAFKA_MSG_F_COPY;
            }),
            argument(vtype::RD_KAFKA_VTYPE_KEY, |u| u.mem = memory(message.key)),
            argument(vtype::RD_KAFKA_VTYPE_VALUE, |u| {
                u.mem = memory(message.value);
            }),
            argument(vtype::RD_KAFKA_VTYPE_OPAQUE, |u| {
                u.ptr = message.token as usize as *mut _;
            }),
            argument(vtype::RD_KAFKA_VTYPE_TIMESTAMP, |u| {
                u.i64_ = message.timestamp_ms.unwrap_or(0);
            }),
            argument(vtype::RD_KAFKA_VTYPE_HEADERS, |u| {
                u.headers = headers
                    .as_ref()
                    .map_or(ptr::null_mut(), |headers| headers.0);
            }),
        ];
        // SAFETY: the handle and the topic are live, each argument has the type that its tag
        // says, and what they point to is copied before the call returns. The headers are the
        // client's only on success.
        let sent = unsafe {
            owned_error(sys::rd_kafka_produceva(
                self.raw(),
                arguments.as_ptr(),
                arguments.len(),
            ))
        };
        sent.map_err(|error| {
            drop(headers.map(ManuallyDrop::into_inner));
            error.code
        })
    }

    /// Sends what is queued without lingering, and waits until no message is without a report that
    /// was taken from the queue, at most `timeout`. Returns how many still are.
    pub fn flush(&self, timeout: Duration) -> usize {
        // SAFETY: the handle is live.
        unsafe {
            // With reports as events this only waits; somebody else has to take them. That it ran
            // out of time shows in the count.
            sys::rd_kafka_flush(self.raw(), millis(timeout));
            usize::try_from(sys::rd_kafka_outq_len(self.raw())).unwrap_or_default()
        }
    }

    /// Gives up all messages that are not acknowledged; their reports say so.
    pub fn purge(&self) {
        let all = sys::RD_KAFKA_PURGE_F_QUEUE | sys::RD_KAFKA_PURGE_F_INFLIGHT;
        // SAFETY: the handle is live. The call fails only on a consumer or on unknown flags.
        unsafe { sys::rd_kafka_purge(self.raw(), all) };
    }
}

type Value = sys::rd_kafka_vu_s__bindgen_ty_1;

fn argument(tag: vtype, set: impl FnOnce(&mut Value)) -> sys::rd_kafka_vu_t {
    let mut value = Value {
        ptr: ptr::null_mut(),
    };
    set(&mut value);
    sys::rd_kafka_vu_t {
        vtype: tag,
        u: value,
    }
}

fn memory(bytes: Option<&[u8]>) -> sys::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 {
    let (ptr, size) = bytes.map_or((ptr::null_mut(), 0), |bytes| {
        (bytes.as_ptr().cast_mut().cast(), bytes.len())
    });
    sys::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 { ptr, size }
}
