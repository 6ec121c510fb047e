//! How a record is named by its content: what tells a host which one is to be watched.

use std::fmt::Write;

use penstock_core::record::Record;
use penstock_core::watch::Wanted;
use sha2::{Digest, Sha256};

/// The records of `topic` with this key and value.
pub fn of(topic: &str, key: Option<&[u8]>, value: Option<&[u8]>) -> Wanted {
    Wanted {
        topic: topic.to_owned(),
        key_bytes: len(key),
        value_bytes: len(value),
        sha256: sha256(key, value),
    }
}

/// Whether a record of the topic is one of them. Only one of the same length is read.
pub fn matches(wanted: &Wanted, record: &Record<'_>) -> bool {
    len(record.key) == wanted.key_bytes
        && len(record.value) == wanted.value_bytes
        && sha256(record.key, record.value) == wanted.sha256
}

fn len(bytes: Option<&[u8]>) -> Option<u64> {
    bytes.map(|bytes| bytes.len() as u64)
}

fn sha256(key: Option<&[u8]>, value: Option<&[u8]>) -> String {
    let mut hash = Sha256::new();
    hash.update(key.unwrap_or_default());
    hash.update(value.unwrap_or_default());
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a String does not fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use penstock_core::batch::Batch;
    use penstock_core::record::{Offset, Timestamp};

    use super::*;

    #[test]
    fn a_record_is_known_by_its_key_and_value_and_nothing_else() {
        let mut batch = Batch::default();
        type Bytes<'a> = Option<&'a [u8]>;
        let records: [(Bytes<'_>, Bytes<'_>); 6] = [
            (Some(b"k"), Some(b"v1")),
            (Some(b"kv"), Some(b"1")),
            (Some(b"k"), Some(b"v2")),
            (Some(b""), Some(b"kv1")),
            (None, Some(b"kv1")),
            (Some(b"kv1"), None),
        ];
        for (offset, (key, value)) in records.into_iter().enumerate() {
            let offset = Offset(offset as i64);
            batch.push(offset, Timestamp::Unknown, key, value, []);
        }
        for (wanted, (key, value)) in records.into_iter().enumerate() {
            let wanted_record = of("t", key, value);
            let found = (0..6).filter(|index| matches(&wanted_record, &batch.record(*index)));
            assert_eq!(found.collect::<Vec<_>>(), [wanted]);
        }
    }
}
