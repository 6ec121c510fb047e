//! Reading a record.

use crate::{Message, Timestamp};

impl Message {
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
