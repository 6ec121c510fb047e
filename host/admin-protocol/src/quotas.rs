//! What clients are held to.

use std::collections::BTreeMap;

use kafka_protocol::messages::DescribeClientQuotasRequest;

use crate::broker::Broker;
use crate::error::{Error, Refusal};

/// A quota.
#[derive(Debug, Clone, PartialEq)]
pub struct Quota {
    /// Whom it is for, by `user`, `client-id` or `ip`; `None`: whoever has none of its own.
    pub of: BTreeMap<String, Option<String>>,
    /// How much, by name: `consumer_byte_rate` in bytes a second, `request_percentage` of a
    /// thread's time, …
    pub limits: BTreeMap<String, f64>,
}

impl Broker {
    /// All quotas of the cluster.
    ///
    /// # Errors
    /// The broker doesn't answer, is older than 2.6, or refuses.
    pub async fn quotas(&self) -> Result<Vec<Quota>, Error> {
        let request = |_| DescribeClientQuotasRequest::default();
        let answer = self.ask(0, request).await?;
        Refusal::check(answer.error_code, answer.error_message.as_deref())?;
        let quotas = answer.entries.into_iter().flatten().map(|of| Quota {
            of: of
                .entity
                .iter()
                .map(|of| {
                    let name = of.entity_name.as_ref().map(ToString::to_string);
                    (of.entity_type.to_string(), name)
                })
                .collect(),
            limits: of
                .values
                .iter()
                .map(|of| (of.key.to_string(), of.value))
                .collect(),
        });
        Ok(quotas.collect())
    }
}
