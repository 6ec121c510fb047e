//! Events and the messages in them.

use std::ffi::CStr;
use std::marker::PhantomData;
use std::ptr;

use penstock_core::record::{Header, Timestamp};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka_sys as sys;

use super::Error;
use super::list::{self, PartitionOffset, error_code};

/// What a record has in place of a timestamp.
const NO_TIMESTAMP: i64 = -1;

/// An event from a [`super::Queue`].
pub struct Event<'q> {
    event: *mut sys::rd_kafka_event_t,
    _queue: PhantomData<&'q ()>,
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A record.
    Fetch,
    /// Acknowledgements and refusals of what was produced.
    Delivery,
    /// An error of the client, of a broker or of a partition.
    Error,
    /// Partitions come or go; the code says which.
    Rebalance,
    /// The answer to a commit.
    Commit,
    /// Anything else.
    Other,
}

impl<'q> Event<'q> {
    pub(super) fn own(event: *mut sys::rd_kafka_event_t) -> Option<Event<'q>> {
        // Not `then_some`: that would make, and destroy, an event of null.
        if event.is_null() {
            return None;
        }
        Some(Event {
            event,
            _queue: PhantomData,
        })
    }

    /// What it is about.
    pub fn kind(&self) -> EventKind {
        // SAFETY: the event is live as long as `self`.
        match unsafe { sys::rd_kafka_event_type(self.event) } {
            sys::RD_KAFKA_EVENT_FETCH => EventKind::Fetch,
            sys::RD_KAFKA_EVENT_DR => EventKind::Delivery,
            sys::RD_KAFKA_EVENT_ERROR => EventKind::Error,
            sys::RD_KAFKA_EVENT_REBALANCE => EventKind::Rebalance,
            sys::RD_KAFKA_EVENT_OFFSET_COMMIT => EventKind::Commit,
            _ => EventKind::Other,
        }
    }

    /// The event's error; a rebalance carries its direction here.
    pub fn error(&self) -> Option<Error> {
        let may_be_fatal = self.kind() == EventKind::Error;
        // SAFETY: the event is live; the string belongs to it and is copied. Whether it is fatal is
        // asked of error events only: those of other kinds are smaller, and librdkafka reads the
        // flag beyond their end.
        unsafe {
            let code = error_code(sys::rd_kafka_event_error(self.event))?;
            let text = CStr::from_ptr(sys::rd_kafka_event_error_string(self.event));
            Some(Error {
                code,
                text: text.to_string_lossy().trim().to_owned(),
                fatal: may_be_fatal && sys::rd_kafka_event_error_is_fatal(self.event) != 0,
            })
        }
    }

    /// The partition that an error is about, with the offset where there is one.
    pub fn partition(&self) -> Option<PartitionOffset> {
        // SAFETY: the event is live; the element returned is ours to destroy, after the copy.
        unsafe {
            let element = sys::rd_kafka_event_topic_partition(self.event);
            if element.is_null() {
                return None;
            }
            let name = CStr::from_ptr((*element).topic).to_string_lossy();
            let copy = PartitionOffset {
                topic: name.into(),
                partition: (*element).partition,
                offset: (*element).offset,
                error: error_code((*element).err),
                metadata: String::new(),
            };
            sys::rd_kafka_topic_partition_destroy(element);
            Some(copy)
        }
    }

    /// The partitions of a rebalance or of a commit's answer.
    pub fn partitions(&self) -> Vec<PartitionOffset> {
        // SAFETY: the list belongs to the event, which is live.
        unsafe { list::copy_out(sys::rd_kafka_event_topic_partition_list(self.event)) }
    }

    /// The next message of a fetch or a delivery.
    pub fn next_message(&mut self) -> Option<Message<'_>> {
        // SAFETY: the event is live; its messages live as long as it does, and those handed out
        // before stay where they are.
        unsafe { sys::rd_kafka_event_message_next(self.event).as_ref() }.map(Message)
    }

    /// How many messages it holds.
    pub fn message_count(&self) -> usize {
        // SAFETY: the event is live.
        unsafe { sys::rd_kafka_event_message_count(self.event) }
    }
}

impl Drop for Event<'_> {
    fn drop(&mut self) {
        // SAFETY: owned, and destroyed once.
        unsafe { sys::rd_kafka_event_destroy(self.event) }
    }
}

/// A message of an event.
#[derive(Clone, Copy)]
pub struct Message<'e>(&'e sys::rd_kafka_message_t);

impl<'e> Message<'e> {
    /// What it failed with; for a fetched one, why there is no record.
    pub fn error(&self) -> Option<RDKafkaErrorCode> {
        error_code(self.0.err)
    }

    /// The topic's name.
    pub fn topic(&self) -> &'e str {
        // SAFETY: a message holds its topic, and with it the name.
        let name = unsafe { CStr::from_ptr(sys::rd_kafka_topic_name(self.0.rkt)) };
        // Topic names are ASCII; anything else belongs to no topic of ours.
        name.to_str().unwrap_or_default()
    }

    /// Tells apart the topics of one assignment, more cheaply than by name.
    pub fn topic_id(&self) -> usize {
        self.0.rkt as usize
    }

    /// The partition's number.
    pub fn partition(&self) -> i32 {
        self.0.partition
    }

    /// The offset of the record itself.
    pub fn offset(&self) -> i64 {
        self.0.offset
    }

    /// The key; `None` is null.
    pub fn key(&self) -> Option<&'e [u8]> {
        // SAFETY: the message's key is `key_len` bytes long, or null.
        unsafe { bytes(self.0.key, self.0.key_len) }
    }

    /// The value; `None` is a tombstone.
    pub fn value(&self) -> Option<&'e [u8]> {
        // SAFETY: the message's payload is `len` bytes long, or null.
        unsafe { bytes(self.0.payload, self.0.len) }
    }

    /// When it was created or appended.
    pub fn timestamp(&self) -> Timestamp {
        let mut kind = sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is live, `kind` is written to only.
        let millis = unsafe { sys::rd_kafka_message_timestamp(self.0, &mut kind) };
        match kind {
            // A producer may leave it out, and librdkafka still calls what is there a create time.
            sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_CREATE_TIME
                if millis == NO_TIMESTAMP =>
            {
                Timestamp::Unknown
            }
            sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_CREATE_TIME => {
                Timestamp::CreateTime(millis)
            }
            sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME => {
                Timestamp::LogAppendTime(millis)
            }
            sys::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE => Timestamp::Unknown,
        }
    }

    /// The number that was handed to [`super::Handle::produce`].
    pub fn token(&self) -> u64 {
        self.0._private as u64
    }

    /// The headers, in order, with names as they are on the wire.
    pub fn headers(&self) -> impl Iterator<Item = Header<'e>> + use<'e> {
        let mut headers = ptr::null_mut();
        // SAFETY: the message is live; the headers, if any, belong to it. librdkafka parses them
        // on first sight, under no other thread's eyes.
        let found = unsafe { sys::rd_kafka_message_headers(self.0, &mut headers) };
        let present = error_code(found).is_none() && !headers.is_null();
        let mut index = 0;
        std::iter::from_fn(move || {
            if !present {
                return None;
            }
            let (mut name, mut value, mut len) = (ptr::null(), ptr::null(), 0);
            // SAFETY: the headers live as long as the message; name and value point into them.
            unsafe {
                let err =
                    sys::rd_kafka_header_get_all(headers, index, &mut name, &mut value, &mut len);
                if error_code(err).is_some() {
                    return None;
                }
                index += 1;
                Some(Header {
                    name: CStr::from_ptr(name).to_bytes(),
                    value: bytes(value, len),
                })
            }
        })
    }
}

/// # Safety
/// `ptr` is null, or points to `len` bytes that live for `'e`.
unsafe fn bytes<'e>(ptr: *const std::ffi::c_void, len: usize) -> Option<&'e [u8]> {
    // SAFETY: as the caller vouches.
    (!ptr.is_null()).then(|| unsafe { std::slice::from_raw_parts(ptr.cast(), len) })
}
