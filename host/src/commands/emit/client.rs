//! `penstock emit` over Kafka's client.

use penstock_core::record::OwnedHeader;
use penstock_kafka::emit::{Emitted, Emitter, Lies};

use super::{Placed, Producer};
use crate::commands::Failure;
use crate::commands::kafka::{TIMEOUT, failure};
use crate::commands::tools::Cluster;
use crate::record_json::RecordJson;

/// A connection for each batch: the only end of one that waits for its acknowledgements.
pub(super) struct Client {
    pub cluster: Cluster,
    pub topic: String,
}

impl Producer for Client {
    fn send(&mut self, records: &[RecordJson], placed: &mut Vec<Placed>) -> Result<(), Failure> {
        let fail = |error| failure(error, &self.topic, &self.cluster);
        let kafka = &self.cluster.kafka;
        let mut emitter =
            Emitter::connect(kafka, "penstock-emit", &self.topic, TIMEOUT).map_err(fail)?;
        let mut lies: Vec<Lies> = Vec::new();
        let mut outcome = Ok(());
        for record in records {
            outcome = send(&mut emitter, record);
            lies.extend(emitter.acknowledged());
            if outcome.is_err() {
                break;
            }
        }
        let outcome = outcome.and_then(|()| emitter.finish().map(|last| lies.extend(last)));
        // Partitions acknowledge each in its own time.
        lies.sort_unstable_by_key(|of| of.index);
        placed.extend(lies.into_iter().map(|of| Placed {
            partition: of.partition,
            offset: of.offset,
        }));
        outcome.map_err(fail)
    }
}

fn send(emitter: &mut Emitter, record: &RecordJson) -> Result<(), penstock_kafka::ToolError> {
    let headers: Vec<_> = record
        .headers
        .iter()
        .map(|header| OwnedHeader {
            name: header.name.clone(),
            value: header.value.clone(),
        })
        .collect();
    emitter.send(Emitted {
        partition: record.partition,
        key: record.key.as_deref(),
        value: record.value.as_deref(),
        headers: &headers,
        timestamp_ms: record.timestamp.map(|time| time.0),
    })
}
