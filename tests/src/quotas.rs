//! Quotas: what clients are held to.

use anyhow::{Result, ensure};
use kafka_protocol::messages::alter_client_quotas_request::{EntityData, EntryData, OpData};
use kafka_protocol::messages::{AlterClientQuotasRequest, AlterClientQuotasResponse, ApiKey};
use kafka_protocol::protocol::StrBytes;

use crate::client::Client;

const VERSION: i16 = 1;

impl Client {
    /// Lets a `client.id` fetch so many bytes a second.
    ///
    /// # Errors
    /// When the broker refuses.
    pub fn throttle(&self, client_id: &str, bytes: f64) -> Result<()> {
        let entity = EntityData::default()
            .with_entity_type(StrBytes::from_static_str("client-id"))
            .with_entity_name(Some(StrBytes::from_string(client_id.to_owned())));
        let limit = OpData::default()
            .with_key(StrBytes::from_static_str("consumer_byte_rate"))
            .with_value(bytes);
        let entry = EntryData::default()
            .with_entity(vec![entity])
            .with_ops(vec![limit]);
        let request = AlterClientQuotasRequest::default().with_entries(vec![entry]);
        let answer: AlterClientQuotasResponse =
            self.ask(ApiKey::AlterClientQuotas, VERSION, &request)?;
        for of in answer.entries {
            ensure!(of.error_code == 0, "no quota: {of:?}");
        }
        Ok(())
    }
}
