//! A record's way into the guest and the answer's way out, by the component model's
//! [canonical ABI](https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md).
//!
//! What wit-bindgen generates for `handle` and `configure` owns each key and value, which costs an
//! allocation and its end, and frees an answer in a call of its own, which the host has to make.
//! Here arguments stay where the host wrote them and answers are kept until the next call. Together
//! that was an eighth of a call.

use std::slice;

use crate::{Failure, Header, Message, Outcome, Reason, SettingError, Timestamp};

mod answer;
mod arena;

pub use answer::Answer;

/// `option<list<u8>>`, flat.
pub type FlatBytes = (i32, *const u8, usize);

/// `option<list<header>>`, flat.
pub type FlatHeaders = (i32, *const RawHeader, usize);

/// `string` or `list<u8>`, in memory.
#[repr(C)]
#[derive(Clone, Copy)]
struct Bytes {
    start: *const u8,
    length: usize,
}

/// `header`, in memory.
#[repr(C)]
pub struct RawHeader {
    name: Bytes,
    has_value: u8,
    value: Bytes,
}

/// `tuple<string, string>`, in memory.
#[repr(C)]
pub struct RawSetting {
    name: Bytes,
    value: Bytes,
}

impl Bytes {
    /// # Safety
    /// The host wrote it, and the call is not over.
    unsafe fn get<'a>(self) -> &'a [u8] {
        // SAFETY: as the caller says.
        unsafe { slice::from_raw_parts(self.start, self.length) }
    }

    /// # Safety
    /// As [`Bytes::get`], and it is a string: the host passes no other than UTF-8.
    unsafe fn to_string(self) -> String {
        // SAFETY: as the caller says.
        unsafe { str::from_utf8_unchecked(self.get()) }.to_owned()
    }
}

/// # Safety
/// `flat` is what the host passed, and the call is not over.
unsafe fn bytes<'a>((is_some, start, length): FlatBytes) -> Option<&'a [u8]> {
    // SAFETY: as the caller says.
    (is_some != 0).then(|| unsafe { Bytes { start, length }.get() })
}

/// The export `handle`, with the arguments that the host passed; the address of its answer.
///
/// # Safety
/// Called by the host, in the one thread that there is.
pub unsafe fn handle(
    partition: i32,
    offset: i64,
    (time_kind, time): (i32, i64),
    key: FlatBytes,
    value: FlatBytes,
    (has_headers, headers, count): FlatHeaders,
    handle: impl FnOnce(Message<'_>) -> Result<Outcome, Failure>,
) -> *const Answer {
    // SAFETY: the host wrote all of this, and `arena::clear` comes after the last use.
    let message = unsafe {
        let header = |raw: &RawHeader| Header {
            name: raw.name.to_string(),
            value: (raw.has_value != 0).then(|| raw.value.get().to_vec()),
        };
        Message {
            partition,
            offset,
            timestamp: match time_kind {
                0 => Timestamp::Unknown,
                1 => Timestamp::CreateTime(time),
                _ => Timestamp::LogAppendTime(time),
            },
            key: bytes(key),
            value: bytes(value),
            headers: match has_headers {
                0 => Vec::new(),
                _ => slice::from_raw_parts(headers, count)
                    .iter()
                    .map(header)
                    .collect(),
            },
        }
    };
    let result = handle(message);
    arena::clear();
    answer::keep(result)
}

/// The export `configure`, with the arguments that the host passed; the address of its answer.
///
/// # Safety
/// Called by the host, in the one thread that there is.
pub unsafe fn configure(
    (topic, topic_length): (*const u8, usize),
    (settings, count): (*const RawSetting, usize),
    configure: impl FnOnce(String, Vec<(String, String)>) -> Result<(), Vec<SettingError>>,
) -> *const Answer {
    // SAFETY: the host wrote all of this, and `arena::clear` comes after the last use.
    let (topic, settings) = unsafe {
        let topic = Bytes {
            start: topic,
            length: topic_length,
        };
        let setting = |raw: &RawSetting| (raw.name.to_string(), raw.value.to_string());
        let settings = slice::from_raw_parts(settings, count).iter().map(setting);
        (topic.to_string(), settings.collect())
    };
    arena::clear();
    answer::keep_errors(configure(topic, settings))
}
