//! Questions to the cluster; each waits for its answer, at most as long as said.

use std::ptr;
use std::time::Duration;

use rdkafka::error::RDKafkaErrorCode;
use rdkafka_sys as sys;

use super::Error;
use super::handle::{Handle, topic_name};
use super::list::{List, PartitionOffset, checked};
use super::queue::millis;

impl Handle {
    /// How many partitions a topic has.
    ///
    /// # Errors
    /// `UnknownTopicOrPartition` when there is no such topic, a time-out when no broker answers.
    pub fn partition_count(&self, topic: &str, timeout: Duration) -> Result<i32, Error> {
        let name = topic_name(topic)?;
        let mut metadata = ptr::null();
        // SAFETY: the handle is live; the local topic is destroyed after the call that uses it,
        // the metadata after the last look at it.
        unsafe {
            let local = sys::rd_kafka_topic_new(self.raw(), name.as_ptr(), ptr::null_mut());
            if local.is_null() {
                return Err(RDKafkaErrorCode::InvalidTopic.into());
            }
            let err = sys::rd_kafka_metadata(self.raw(), 0, local, &mut metadata, millis(timeout));
            sys::rd_kafka_topic_destroy(local);
            checked(err)?;
            let answer = if (*metadata).topic_cnt == 1 {
                let topic = &*(*metadata).topics;
                checked(topic.err).map(|()| topic.partition_cnt)
            } else {
                Err(RDKafkaErrorCode::UnknownTopicOrPartition.into())
            };
            sys::rd_kafka_metadata_destroy(metadata);
            answer
        }
    }

    /// What the group has committed: [`super::OFFSET_NONE`] where nothing is. Offsets that an
    /// open transaction may still change are waited for.
    ///
    /// # Errors
    /// For the request as a whole; those of single partitions are in the list.
    pub fn committed(
        &self,
        partitions: &[PartitionOffset],
        timeout: Duration,
    ) -> Result<Vec<PartitionOffset>, Error> {
        let list = List::of(partitions)?;
        // SAFETY: handle and list are live.
        checked(unsafe { sys::rd_kafka_committed(self.raw(), list.ptr(), millis(timeout)) })?;
        Ok(list.entries())
    }

    /// The first offset at or after each entry's timestamp, which stands in the offset's place;
    /// [`super::OFFSET_BEGINNING`] and [`super::OFFSET_END`] ask for the log's ends (for a
    /// `read_committed` client the last stable offset). [`super::OFFSET_END`] is also the answer
    /// when no record is as young as asked.
    ///
    /// # Errors
    /// For the request as a whole; those of single partitions are in the list.
    pub fn list_offsets(
        &self,
        partitions: &[PartitionOffset],
        timeout: Duration,
    ) -> Result<Vec<PartitionOffset>, Error> {
        let list = List::of(partitions)?;
        // SAFETY: handle and list are live.
        checked(unsafe {
            sys::rd_kafka_offsets_for_times(self.raw(), list.ptr(), millis(timeout))
        })?;
        Ok(list.entries())
    }
}
