//! Records of one partition in one contiguous buffer: one copy in, no allocation per record.

use crate::record::{Header, Offset, Record, Timestamp};

/// Consecutive records of one partition, in offset order.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    headers: Vec<HeaderEntry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    offset: Offset,
    timestamp: Timestamp,
    key: Slice,
    value: Slice,
    headers: (u32, u32),
    bytes: u32,
}

#[derive(Debug, Clone, Copy)]
struct HeaderEntry {
    name: Slice,
    value: Slice,
}

/// How much a batch holds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    bytes: usize,
    records: usize,
    headers: usize,
}

impl Size {
    /// What it takes in memory, in bytes.
    pub fn memory(self) -> usize {
        self.bytes + self.records * size_of::<Entry>() + self.headers * size_of::<HeaderEntry>()
    }
}

/// A range of the buffer, or null. Batches are bounded far below 4 GiB.
#[derive(Debug, Clone, Copy)]
struct Slice {
    start: u32,
    len: u32,
}

impl Slice {
    const NULL: u32 = u32::MAX;
}

/// A fixed cost for each record beside its bytes, so that a million empty records are not free.
const RECORD_OVERHEAD_BYTES: usize = 64;

impl Batch {
    /// An empty batch with room for as much.
    pub fn with_room(size: Size) -> Batch {
        Batch {
            bytes: Vec::with_capacity(size.bytes),
            entries: Vec::with_capacity(size.records),
            headers: Vec::with_capacity(size.headers),
        }
    }

    /// How much is in it.
    pub fn size(&self) -> Size {
        Size {
            bytes: self.bytes.len(),
            records: self.entries.len(),
            headers: self.headers.len(),
        }
    }

    /// How much there is room for, with what is in it.
    pub fn room(&self) -> Size {
        Size {
            bytes: self.bytes.capacity(),
            records: self.entries.capacity(),
            headers: self.headers.capacity(),
        }
    }

    /// The same records with no more room than they take.
    pub fn fitted(&self) -> Batch {
        Batch {
            bytes: self.bytes.clone(),
            entries: self.entries.clone(),
            headers: self.headers.clone(),
        }
    }

    /// Takes all records out, and keeps their room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        self.headers.clear();
    }

    /// Copies a record in.
    ///
    /// # Panics
    /// If the batch would exceed 4 GiB; the fetcher bounds it to a few MiB.
    pub fn push<'h>(
        &mut self,
        offset: Offset,
        timestamp: Timestamp,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: impl IntoIterator<Item = Header<'h>>,
    ) {
        debug_assert!(self.entries.last().is_none_or(|last| last.offset < offset));
        let before = self.bytes.len();
        let key = self.copy(key);
        let value = self.copy(value);
        let first_header = self.headers.len() as u32;
        for header in headers {
            let name = self.copy(Some(header.name));
            let value = self.copy(header.value);
            self.headers.push(HeaderEntry { name, value });
        }
        let bytes = (self.bytes.len() - before + RECORD_OVERHEAD_BYTES) as u32;
        self.entries.push(Entry {
            offset,
            timestamp,
            key,
            value,
            headers: (first_header, self.headers.len() as u32),
            bytes,
        });
    }

    fn copy(&mut self, bytes: Option<&[u8]>) -> Slice {
        let start = u32::try_from(self.bytes.len()).expect("a batch is bounded far below 4 GiB");
        match bytes {
            None => Slice {
                start,
                len: Slice::NULL,
            },
            Some(bytes) => {
                self.bytes.extend_from_slice(bytes);
                Slice {
                    start,
                    len: bytes.len() as u32,
                }
            }
        }
    }

    fn get(&self, slice: Slice) -> Option<&[u8]> {
        (slice.len != Slice::NULL)
            .then(|| &self.bytes[slice.start as usize..slice.start as usize + slice.len as usize])
    }

    /// The record at `index`, in `0..len()`.
    pub fn record(&self, index: usize) -> Record<'_> {
        let entry = &self.entries[index];
        Record {
            offset: entry.offset,
            timestamp: entry.timestamp,
            key: self.get(entry.key),
            value: self.get(entry.value),
            headers: Headers {
                batch: self,
                range: entry.headers,
            },
        }
    }

    /// The offset of the record at `index`.
    pub fn offset(&self, index: usize) -> Offset {
        self.entries[index].offset
    }

    /// What the record at `index` counts against memory limits, in bytes.
    pub fn record_bytes(&self, index: usize) -> usize {
        self.entries[index].bytes as usize
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What all records count against memory limits, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes.len() + self.entries.len() * RECORD_OVERHEAD_BYTES
    }
}

/// The headers of one record.
#[derive(Clone, Copy)]
pub struct Headers<'a> {
    batch: &'a Batch,
    range: (u32, u32),
}

impl<'a> Headers<'a> {
    /// How many there are.
    pub fn len(&self) -> usize {
        (self.range.1 - self.range.0) as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// In the record's order, duplicates kept.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Header<'a>> + Clone + use<'a> {
        let batch = self.batch;
        (self.range.0..self.range.1).map(move |index| {
            let entry = &batch.headers[index as usize];
            Header {
                name: batch.get(entry.name).unwrap_or_default(),
                value: batch.get(entry.value),
            }
        })
    }
}

impl std::fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_differs_from_empty_and_headers_keep_order_and_duplicates() {
        let mut batch = Batch::default();
        batch.push(Offset(3), Timestamp::Unknown, None, Some(b""), []);
        let headers = [
            Header {
                name: b"a",
                value: Some(b"1"),
            },
            Header {
                name: b"a",
                value: None,
            },
            Header {
                name: b"\xff",
                value: Some(b""),
            },
        ];
        batch.push(
            Offset(7),
            Timestamp::CreateTime(5),
            Some(b"k"),
            None,
            headers,
        );
        assert_eq!(batch.record(0).key, None);
        assert_eq!(batch.record(0).value, Some(&b""[..]));
        assert_eq!(batch.record(1).value, None);
        assert_eq!(
            batch.record(1).headers.iter().collect::<Vec<_>>(),
            headers.to_vec()
        );
        assert_eq!(batch.bytes(), batch.record_bytes(0) + batch.record_bytes(1));
    }
}
