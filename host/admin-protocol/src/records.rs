//! Records of a log whose writers compress nothing, as the brokers themselves.

use bytes::Bytes;
use kafka_protocol::records::RecordBatchDecoder;

use crate::broker::Broker;
use crate::error::Error;
use crate::fetch::{Aborted, header, is_readable};

const BYTES_MAX: i32 = 1024 * 1024;
/// Of a record that is empty and not compressed: its length, attributes, time, offset, and the
/// lengths of its key, value and headers.
const RECORD_BYTES_MIN: i64 = 7;

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When it was written, in milliseconds since 1970.
    pub time_ms: i64,
    /// Its key.
    pub key: Option<Bytes>,
    /// Its value; `None`: what the key stands for is gone.
    pub value: Option<Bytes>,
}

/// Some records in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The records, without those of transactions that were aborted.
    pub records: Vec<Record>,
    /// Where the next chunk begins; where this one does if there is nothing more.
    pub next: i64,
    /// Whether each offset has its record: compaction takes some away.
    pub is_whole: bool,
}

impl Broker {
    /// The records from an offset on, as many as are sent at once. The broker must lead the
    /// partition.
    ///
    /// # Errors
    /// The broker doesn't answer, or refuses; or they are compressed.
    pub async fn records(&self, topic: &str, partition: i32, from: i64) -> Result<Chunk, Error> {
        let (bytes, aborted) = self.fetch(topic, partition, from, BYTES_MAX).await?;
        chunk(bytes, aborted, from).map_err(|why| Error::Malformed {
            address: self.address().to_owned(),
            why,
        })
    }
}

fn chunk(mut bytes: Bytes, mut aborted: Aborted, from: i64) -> Result<Chunk, String> {
    let mut chunk = Chunk {
        records: Vec::new(),
        next: from,
        is_whole: true,
    };
    loop {
        let mut whole = bytes.clone();
        // The last one of an answer may be cut off.
        let Some(header) = header(&mut bytes).filter(|of| of.batch.is_sound == Some(true)) else {
            return Ok(chunk);
        };
        let of = &header.batch;
        let all = i64::from(of.records) == of.last - of.first + 1;
        chunk.is_whole &= all && of.first <= chunk.next;
        chunk.next = of.last + 1;
        if !is_readable(&header, &mut aborted) {
            continue;
        }
        // Memory is reserved for as many as it claims to have.
        if !(0..=of.bytes / RECORD_BYTES_MIN).contains(&of.records.into()) {
            return Err(format!(
                "the batch at {} claims to have {} records in {} bytes",
                of.first, of.records, of.bytes
            ));
        }
        let mut batch = whole.split_to(whole.len() - bytes.len());
        let set = RecordBatchDecoder::decode(&mut batch).map_err(|error| error.to_string())?;
        let records = set.records.into_iter().filter(|of| of.offset >= from);
        chunk.records.extend(records.map(|of| Record {
            time_ms: of.timestamp,
            key: of.key,
            value: of.value,
        }));
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use kafka_protocol::records::{
        Compression, Record as Encoded, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
    };

    use super::*;

    /// A batch with a record at each of these offsets, whose keys they are.
    fn batch(log: &mut BytesMut, offsets: std::ops::Range<i64>) {
        let records: Vec<Encoded> = offsets
            .clone()
            .map(|offset| Encoded {
                transactional: false,
                control: false,
                delete_horizon: false,
                partition_leader_epoch: 0,
                producer_id: -1,
                producer_epoch: -1,
                timestamp_type: TimestampType::Creation,
                offset,
                sequence: (offset - offsets.start) as i32 - 1,
                timestamp: 1000 + offset,
                key: Some(Bytes::from(offset.to_string())),
                value: None,
                headers: Default::default(),
            })
            .collect();
        let options = RecordEncodeOptions {
            version: 2,
            compression: Compression::None,
        };
        RecordBatchEncoder::encode(log, &records, &options).expect("it is encoded");
    }

    fn keys(chunk: &Chunk) -> Vec<&[u8]> {
        let keys = chunk.records.iter().map(|of| of.key.as_deref());
        keys.map(Option::unwrap_or_default).collect()
    }

    #[test]
    fn records_are_read_from_an_offset_on() {
        let mut log = BytesMut::new();
        batch(&mut log, 5..7);
        batch(&mut log, 7..8);
        let log = log.freeze();
        let read = chunk(log.clone(), Vec::new(), 6).expect("it is read");
        assert_eq!(keys(&read), [b"6", b"7"]);
        assert_eq!((read.next, read.is_whole), (8, true));
        assert_eq!(
            (read.records[0].time_ms, &read.records[0].value),
            (1006, &None)
        );
        // What is cut off comes next.
        let cut = chunk(log.slice(..log.len() - 1), Vec::new(), 5).expect("it is read");
        assert_eq!((keys(&cut).len(), cut.next), (2, 7));
        let end = chunk(Bytes::new(), Vec::new(), 8).expect("it is read");
        assert_eq!((end.next, end.records.len()), (8, 0));
    }

    #[test]
    fn a_batch_with_more_records_than_bytes_is_refused() {
        for count in [i32::MAX, -1] {
            let mut log = BytesMut::new();
            batch(&mut log, 5..7);
            log[57..61].copy_from_slice(&count.to_be_bytes());
            let checksum = crc32c::crc32c(&log[21..]);
            log[17..21].copy_from_slice(&checksum.to_be_bytes());
            let refused = chunk(log.freeze(), Vec::new(), 5).expect_err("it is refused");
            let claim = format!("claims to have {count} records");
            assert!(refused.contains(&claim), "{refused}");
        }
    }

    #[test]
    fn what_was_compacted_away_is_missed() {
        let mut log = BytesMut::new();
        batch(&mut log, 5..6);
        batch(&mut log, 9..10);
        let read = chunk(log.freeze(), Vec::new(), 5).expect("it is read");
        assert_eq!((read.next, read.is_whole), (10, false));
    }
}
