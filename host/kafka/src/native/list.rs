//! Lists of partitions with offsets, ours and librdkafka's.

use std::ffi::{CStr, CString};
use std::sync::Arc;

use rdkafka::error::RDKafkaErrorCode;
use rdkafka_sys as sys;

use super::Error;

/// A partition with an offset, or with whatever stands in an offset's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionOffset {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition's number.
    pub partition: i32,
    /// An offset, a timestamp in milliseconds, or one of the `OFFSET_` constants.
    pub offset: i64,
    /// What the broker or the client says against this partition.
    pub error: Option<RDKafkaErrorCode>,
    /// What is committed with the offset; empty for nothing.
    pub metadata: String,
}

impl PartitionOffset {
    /// One without an error.
    pub fn new(topic: &Arc<str>, partition: i32, offset: i64) -> Self {
        PartitionOffset {
            topic: Arc::clone(topic),
            partition,
            offset,
            error: None,
            metadata: String::new(),
        }
    }
}

/// librdkafka's list, owned.
pub(super) struct List(*mut sys::rd_kafka_topic_partition_list_t);

impl List {
    /// Copies `entries` into a native list.
    pub(super) fn of(entries: &[PartitionOffset]) -> Result<List, Error> {
        let capacity = i32::try_from(entries.len()).unwrap_or(i32::MAX);
        // SAFETY: the function has no precondition.
        let list = List(unsafe { sys::rd_kafka_topic_partition_list_new(capacity) });
        for entry in entries {
            let topic = c_string(&entry.topic)?;
            // SAFETY: the list is live, the name is copied, and the element that is returned is
            // written to before anything can move it.
            unsafe {
                let element =
                    sys::rd_kafka_topic_partition_list_add(list.0, topic.as_ptr(), entry.partition);
                (*element).offset = entry.offset;
                if !entry.metadata.is_empty() {
                    set_metadata(element, entry.metadata.as_bytes());
                }
            }
        }
        Ok(list)
    }

    pub(super) fn ptr(&self) -> *mut sys::rd_kafka_topic_partition_list_t {
        self.0
    }

    /// Copies the entries out.
    pub(super) fn entries(&self) -> Vec<PartitionOffset> {
        // SAFETY: the list is live as long as `self`.
        unsafe { copy_out(self.0) }
    }
}

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: owned, and destroyed once.
        unsafe { sys::rd_kafka_topic_partition_list_destroy(self.0) }
    }
}

/// Copies a list out; a null list is empty.
///
/// # Safety
/// `list` is null or points to a list that lives through the call.
pub(super) unsafe fn copy_out(
    list: *const sys::rd_kafka_topic_partition_list_t,
) -> Vec<PartitionOffset> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller vouches for the list; its `elems` are `cnt` long.
    let elements = unsafe {
        let list = &*list;
        if list.cnt == 0 {
            &[]
        } else {
            std::slice::from_raw_parts(list.elems, usize::try_from(list.cnt).unwrap_or_default())
        }
    };
    let mut topic: Option<Arc<str>> = None;
    elements
        .iter()
        .map(|element| {
            // SAFETY: each element's topic is a string with an end.
            let name = unsafe { CStr::from_ptr(element.topic) }.to_string_lossy();
            let topic = match &topic {
                Some(known) if **known == *name => Arc::clone(known),
                _ => Arc::clone(topic.insert(Arc::from(name))),
            };
            PartitionOffset {
                topic,
                partition: element.partition,
                offset: element.offset,
                error: error_code(element.err),
                metadata: String::from_utf8_lossy(metadata(element)).into_owned(),
            }
        })
        .collect()
}

/// # Safety
/// The element is of a live list, which frees what it is given.
unsafe fn set_metadata(element: *mut sys::rd_kafka_topic_partition_t, metadata: &[u8]) {
    // SAFETY: the memory is as large as what is copied into it, and librdkafka's own.
    unsafe {
        let bytes = sys::rd_kafka_mem_malloc(std::ptr::null_mut(), metadata.len().max(1));
        std::ptr::copy_nonoverlapping(metadata.as_ptr(), bytes.cast(), metadata.len());
        (*element).metadata = bytes;
        (*element).metadata_size = metadata.len();
    }
}

/// What is committed with an element's offset.
fn metadata(element: &sys::rd_kafka_topic_partition_t) -> &[u8] {
    if element.metadata.is_null() {
        return &[];
    }
    // SAFETY: an element's metadata are as long as it says, and live as long as it does.
    unsafe { std::slice::from_raw_parts(element.metadata.cast(), element.metadata_size) }
}

/// A code, unless it is "no error".
pub(super) fn error_code(err: sys::rd_kafka_resp_err_t) -> Option<RDKafkaErrorCode> {
    (err != sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR).then(|| err.into())
}

/// `Ok` for "no error".
pub(super) fn checked(err: sys::rd_kafka_resp_err_t) -> Result<(), Error> {
    error_code(err).map_or(Ok(()), |code| Err(code.into()))
}

pub(super) fn c_string(text: &str) -> Result<CString, Error> {
    CString::new(text).map_err(|_| Error {
        code: RDKafkaErrorCode::InvalidArgument,
        text: format!("{text:?} contains a null byte"),
        fatal: false,
    })
}
