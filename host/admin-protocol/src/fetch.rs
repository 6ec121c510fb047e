//! What lies at an offset: the headers of batches, without their records.

use bytes::{Buf, Bytes};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::{BrokerId, FetchRequest};

use crate::broker::Broker;
use crate::error::{Error, Refusal};
use crate::metadata::topic_name;

/// Enough for a first batch of the usual size; a larger one is sent whole, and alone.
const BYTES_MAX: i32 = 64 * 1024;
/// How often it is asked further, past markers and what was aborted.
const ROUNDS_MAX: u32 = 16;
const HEADER_BYTES: usize = 61;
/// The checksum is of all behind it.
const CHECKED_FROM: usize = 21;
const CONTROL: i16 = 0x20;
const TRANSACTIONAL: i16 = 0x10;

/// A batch of records, by its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its first offset.
    pub first: i64,
    /// Its last offset.
    pub last: i64,
    /// How many records it has.
    pub records: i32,
    /// Its size in bytes, as it lies in the log.
    pub bytes: i64,
    /// How it is compressed, by number: none, gzip, snappy, lz4, zstd.
    pub codec: u8,
    /// The latest of its records' times, in milliseconds since 1970.
    pub time_ms: i64,
    /// Whether its bytes match its checksum; `None` if it did not come whole.
    pub is_sound: Option<bool>,
}

/// The first batch with records for a reader of what is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ahead {
    /// This one.
    Batch(Batch),
    /// There is none: markers of transactions, what they aborted, and what was compacted away.
    Nothing,
    /// It was not found within a bounded number of requests.
    TooFar,
}

/// What was aborted: by producer, from an offset on.
pub(crate) type Aborted = Vec<(i64, i64)>;

pub(crate) struct Header {
    pub(crate) batch: Batch,
    attributes: i16,
    producer: i64,
}

impl Broker {
    /// What a reader of committed records finds next, from `from` to before `until`, the last
    /// stable offset. The broker must lead the partition. No records are looked at.
    ///
    /// # Errors
    /// The broker doesn't answer, or refuses.
    pub async fn ahead(
        &self,
        topic: &str,
        partition: i32,
        mut from: i64,
        until: i64,
    ) -> Result<Ahead, Error> {
        for _ in 0..ROUNDS_MAX {
            if from >= until {
                return Ok(Ahead::Nothing);
            }
            let (records, aborted) = self.fetch(topic, partition, from, BYTES_MAX).await?;
            if records.is_empty() {
                // Nothing is left up to the end: the tail was compacted away.
                return Ok(Ahead::Nothing);
            }
            match first_readable(records, aborted, from) {
                Ok(batch) if batch.first >= until => return Ok(Ahead::Nothing),
                Ok(batch) => return Ok(Ahead::Batch(batch)),
                Err(next) if next <= from => return Ok(Ahead::TooFar),
                Err(next) => from = next,
            }
        }
        Ok(Ahead::TooFar)
    }

    /// Batches from an offset on, about so many bytes, and what was aborted of them, by producer
    /// and first offset.
    pub(crate) async fn fetch(
        &self,
        topic: &str,
        partition: i32,
        from: i64,
        bytes_max: i32,
    ) -> Result<(Bytes, Aborted), Error> {
        let wanted = FetchPartition::default()
            .with_partition(partition)
            .with_fetch_offset(from)
            .with_partition_max_bytes(bytes_max);
        let topic = FetchTopic::default()
            .with_topic(topic_name(topic))
            .with_partitions(vec![wanted]);
        let request = |_| {
            FetchRequest::default()
                .with_replica_id(BrokerId(-1))
                .with_max_wait_ms(0)
                .with_min_bytes(0)
                .with_max_bytes(bytes_max)
                .with_isolation_level(1)
                .with_session_epoch(-1)
                .with_topics(vec![topic])
        };
        // Later versions name topics by their ids.
        let answer = self.ask_between(4, 12, request).await?;
        Refusal::check(answer.error_code, None)?;
        let partitions = answer.responses.into_iter().flat_map(|of| of.partitions);
        let Some(of) = partitions.into_iter().next() else {
            return Err(self.silent());
        };
        Refusal::check(of.error_code, None)?;
        let aborted = of.aborted_transactions.unwrap_or_default();
        let aborted = aborted.iter().map(|of| (of.producer_id.0, of.first_offset));
        Ok((of.records.unwrap_or_default(), aborted.collect()))
    }
}

/// The first batch with records that were not aborted; else where to look further.
fn first_readable(mut bytes: Bytes, mut aborted: Aborted, from: i64) -> Result<Batch, i64> {
    let mut next = from;
    while let Some(header) = header(&mut bytes) {
        if header.batch.last < from {
            continue;
        }
        next = header.batch.last + 1;
        // A batch of which all was compacted away is kept for its offsets.
        if is_readable(&header, &mut aborted) && header.batch.records > 0 {
            return Ok(header.batch);
        }
    }
    Err(next)
}

/// Whether a batch holds records that were not aborted, and no marker. Batches have to come one
/// after the other: a marker ends what was aborted before it.
pub(crate) fn is_readable(of: &Header, aborted: &mut Aborted) -> bool {
    let ended = aborted
        .iter()
        .position(|(producer, at)| *producer == of.producer && *at <= of.batch.first);
    if of.attributes & CONTROL != 0 {
        ended.map(|at| aborted.remove(at));
        return false;
    }
    of.attributes & TRANSACTIONAL == 0 || ended.is_none()
}

/// Takes a batch off; what comes after the last whole header is no batch.
pub(crate) fn header(bytes: &mut Bytes) -> Option<Header> {
    if bytes.len() < HEADER_BYTES {
        return None;
    }
    let mut at = bytes.slice(..HEADER_BYTES);
    let first = at.get_i64();
    let length = i64::from(at.get_i32()) + 12;
    at.advance(5);
    let checksum = at.get_u32();
    let attributes = at.get_i16();
    let last = first + i64::from(at.get_i32());
    at.advance(8);
    let time_ms = at.get_i64();
    let producer = at.get_i64();
    at.advance(6);
    let records = at.get_i32();
    let taken = usize::try_from(length)
        .ok()?
        .clamp(HEADER_BYTES, bytes.len().max(HEADER_BYTES));
    let whole = i64::try_from(bytes.len()).is_ok_and(|there| there >= length);
    let is_sound = whole.then(|| crc32c::crc32c(&bytes[CHECKED_FROM..taken]) == checksum);
    bytes.advance(taken);
    Some(Header {
        batch: Batch {
            first,
            last,
            records,
            bytes: length,
            codec: (attributes & 7) as u8,
            time_ms,
            is_sound,
        },
        attributes,
        producer,
    })
}

#[cfg(test)]
mod tests {
    use bytes::{BufMut, BytesMut};

    use super::*;

    /// A batch of one record without its record.
    fn batch(into: &mut BytesMut, first: i64, attributes: i16, producer: i64) {
        let begin = into.len();
        into.put_i64(first);
        into.put_i32(49);
        into.put_bytes(0, 9);
        into.put_i16(attributes);
        into.put_i32(0);
        into.put_i64(0);
        into.put_i64(1000 + first);
        into.put_i64(producer);
        into.put_bytes(0, 6);
        into.put_i32(1);
        let checksum = crc32c::crc32c(&into[begin + CHECKED_FROM..]).to_be_bytes();
        into[begin + CHECKED_FROM - 4..begin + CHECKED_FROM].copy_from_slice(&checksum);
    }

    #[test]
    fn a_damaged_batch_is_known_by_its_checksum() {
        let mut log = BytesMut::new();
        batch(&mut log, 5, 0, -1);
        let sound = |log: &BytesMut| {
            let found = first_readable(log.clone().freeze(), Vec::new(), 5);
            found.expect("a batch").is_sound
        };
        assert_eq!(sound(&log), Some(true));
        log[60] ^= 2;
        assert_eq!(sound(&log), Some(false));
    }

    #[test]
    fn markers_and_what_was_aborted_are_passed_over() {
        let mut log = BytesMut::new();
        batch(&mut log, 5, TRANSACTIONAL, 7);
        batch(&mut log, 6, TRANSACTIONAL | CONTROL, 7);
        batch(&mut log, 7, TRANSACTIONAL | 4, 7);
        batch(&mut log, 8, TRANSACTIONAL | CONTROL, 7);
        let log = log.freeze();
        let found = first_readable(log.clone(), vec![(7, 5)], 5).expect("a batch");
        assert_eq!((found.first, found.codec, found.time_ms), (7, 4, 1007));
        assert_eq!(first_readable(log.clone(), vec![(7, 5), (7, 7)], 5), Err(9));
        // Of what lies before the offset in its batch, nothing is said.
        assert_eq!(first_readable(log.slice(122..), Vec::new(), 8), Err(9));
        assert_eq!(first_readable(log.slice(..60), Vec::new(), 5), Err(5));
    }

    #[test]
    fn a_batch_that_was_cut_off_is_known_by_its_header() {
        let mut log = BytesMut::new();
        batch(&mut log, 5, 0, -1);
        log[8..12].copy_from_slice(&1_000_000_i32.to_be_bytes());
        let found = first_readable(log.freeze(), Vec::new(), 5).expect("a batch");
        assert_eq!((found.bytes, found.is_sound), (1_000_012, None));
    }
}
