<<<<<<< HEAD
//! Quotas: what clients are held to.
=======
//! Quotas: how much a client may read in a second.
>>>>>>> ffca0e9 (Name a quota, a group that refuses the host, and what is too large to receive)

use anyhow::{Result, ensure};
use kafka_protocol::messages::alter_client_quotas_request::{EntityData, EntryData, OpData};
use kafka_protocol::messages::{AlterClientQuotasRequest, AlterClientQuotasResponse, ApiKey};
use kafka_protocol::protocol::StrBytes;

use crate::client::Client;

const VERSION: i16 = 1;

impl Client {
<<<<<<< HEAD
    /// Lets a `client.id` fetch so many bytes a second.
    ///
    /// # Errors
    /// When the broker refuses.
    pub fn throttle(&self, client_id: &str, bytes: f64) -> Result<()> {
=======
    /// Lets the client with this `client.id` read so many bytes a second; `None`: as many as it
    /// likes.
    ///
    /// # Errors
    /// When the broker refuses.
    pub fn limit_reading(&self, client_id: &str, bytes: Option<u32>) -> Result<()> {
>>>>>>> ffca0e9 (Name a quota, a group that refuses the host, and what is too large to receive)
        let entity = EntityData::default()
            .with_entity_type(StrBytes::from_static_str("client-id"))
            .with_entity_name(Some(StrBytes::from_string(client_id.to_owned())));
        let limit = OpData::default()
            .with_key(StrBytes::from_static_str("consumer_byte_rate"))
<<<<<<< HEAD
            .with_value(bytes);
=======
            .with_value(bytes.map_or(0.0, f64::from))
            .with_remove(bytes.is_none());
>>>>>>> ffca0e9 (Name a quota, a group that refuses the host, and what is too large to receive)
        let entry = EntryData::default()
            .with_entity(vec![entity])
            .with_ops(vec![limit]);
        let request = AlterClientQuotasRequest::default().with_entries(vec![entry]);
<<<<<<< HEAD
        let answer: AlterClientQuotasResponse =
            self.ask(ApiKey::AlterClientQuotas, VERSION, &request)?;
        for of in answer.entries {
            ensure!(of.error_code == 0, "no quota: {of:?}");
=======
        let key = ApiKey::AlterClientQuotas;
        let answer: AlterClientQuotasResponse = self.ask(key, VERSION, &request)?;
        for result in answer.entries {
            ensure!(result.error_code == 0, "no quota: {result:?}");
>>>>>>> ffca0e9 (Name a quota, a group that refuses the host, and what is too large to receive)
        }
        Ok(())
    }
}
