//! Reading a record.

use crate::{Header, Timestamp};

/// One record. Its topic was given to `configure`.
#[derive(Debug, Clone, PartialEq)]
pub struct Message<'a> {
    /// The partition's number, from 0.
    pub partition: i32,
    /// The record's offset in its partition.
    pub offset: i64,
    /// When it was made.
    pub timestamp: Timestamp,
    /// `None` is a null key, which differs from an empty one.
    pub key: Option<&'a [u8]>,
    /// `None` is a tombstone, which differs from an empty value.
    pub value: Option<&'a [u8]>,
    /// Empty unless [`crate::Description::with_headers`] asks for them.
    pub headers: Vec<Header>,
}

impl Message<'_> {
    /// The value of the last header of this name; `Some(None)` is a header whose value is null.
    ///
    /// Headers come only if [`crate::Description::with_headers`] asks for them.
    pub fn header(&self, name: &str) -> Option<Option<&[u8]>> {
        self.headers
            .iter()
            .rev()
            .find(|header| header.name == name)
            .map(|header| header.value.as_deref())
    }
}

impl Timestamp {
    /// Milliseconds since 1970, whoever set them; `None` where the record has no timestamp.
    pub fn millis(self) -> Option<i64> {
        match self {
            Timestamp::Unknown => None,
            Timestamp::CreateTime(ms) | Timestamp::LogAppendTime(ms) => Some(ms),
        }
    }
}
