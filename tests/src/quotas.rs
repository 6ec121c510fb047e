//! Quotas: how much a client may read in a second.

use anyhow::{Result, ensure};
use kafka_protocol::messages::alter_client_quotas_request::{EntityData, EntryData, OpData};
use kafka_protocol::messages::{AlterClientQuotasRequest, AlterClientQuotasResponse, ApiKey};
use kafka_protocol::protocol::StrBytes;

use crate::client::Client;

const VERSION: i16 = 1;

impl Client {
    /// Lets the client with this `client.id` read so many bytes a second; `None`: as many as it
    /// likes.
    ///
    /// # Errors
    /// When the broker refuses.
    pub fn limit_reading(&self, client_id: &str, bytes: Option<u32>) -> Result<()> {
        let entity = EntityData::default()
            .with_entity_type(StrBytes::from_static_str("client-id"))
            .with_entity_name(Some(StrBytes::from_string(client_id.to_owned())));
        let limit = OpData::default()
            .with_key(StrBytes::from_static_str("consumer_byte_rate"))
            .with_value(bytes.map_or(0.0, f64::from))
            .with_remove(bytes.is_none());
        let entry = EntryData::default()
            .with_entity(vec![entity])
            .with_ops(vec![limit]);
        let request = AlterClientQuotasRequest::default().with_entries(vec![entry]);
        let key = ApiKey::AlterClientQuotas;
        let answer: AlterClientQuotasResponse = self.ask(key, VERSION, &request)?;
        for result in answer.entries {
            ensure!(result.error_code == 0, "no quota: {result:?}");
        }
        Ok(())
    }
}
