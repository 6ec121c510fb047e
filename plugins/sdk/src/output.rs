//! Writing records.

use crate::{Header, host};

/// A logical output. The host's configuration maps it to a topic.
///
/// Keep each as a constant, and declare it with [`crate::Description::output`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    index: u32,
    name: &'static str,
    doc: &'static str,
}

/// A record to emit. `Record { value, ..Record::default() }` leaves out what is not needed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Record<'a> {
    /// The key; `None` is Kafka's null.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Headers, in order; names may repeat.
    pub headers: &'a [Header],
    /// Milliseconds since 1970; `None` leaves it to the host.
    pub timestamp_ms: Option<i64>,
}

impl Output {
    /// The output that is declared at place `index`, from 0.
    pub const fn new(index: u32, name: &'static str, doc: &'static str) -> Self {
        Output { index, name, doc }
    }

    /// Its place among the outputs.
    pub const fn index(self) -> u32 {
        self.index
    }

    /// Its name in the configuration.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// What it holds, in one sentence.
    pub const fn doc(self) -> &'static str {
        self.doc
    }

    /// Emit a key and a value.
    pub fn emit(self, key: Option<&[u8]>, value: impl AsRef<[u8]>) {
        host::emit(self.index, key, Some(value.as_ref()), &[], None);
    }

    /// Emit a record with headers, a timestamp, or no value.
    pub fn emit_record(self, record: Record<'_>) {
        host::emit(
            self.index,
            record.key,
            record.value,
            record.headers,
            record.timestamp_ms,
        );
    }
}

impl Header {
    /// A header with a value.
    pub fn new(name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Header {
            name: name.into(),
            value: Some(value.into()),
        }
    }
}
