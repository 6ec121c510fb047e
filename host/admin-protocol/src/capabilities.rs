//! Which requests a broker knows.

use std::collections::BTreeMap;

use kafka_protocol::messages::ApiVersionsRequest;
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::error::{Error, Refusal};

/// The versions of each request that a broker speaks, oldest and newest, by Kafka's number of the
/// request.
pub type Versions = BTreeMap<i16, (i16, i16)>;

impl Broker {
    /// Which requests this broker knows, and in which versions.
    ///
    /// # Errors
    /// The broker doesn't answer, or refuses.
    pub async fn versions(&self) -> Result<Versions, Error> {
        let request = |_| {
            ApiVersionsRequest::default()
                .with_client_software_name(StrBytes::from_static_str("penstock"))
                .with_client_software_version(StrBytes::from_static_str(env!("CARGO_PKG_VERSION")))
        };
        // Version 4 only adds the features that a cluster could have.
        let answer = self.ask_between(0, 3, request).await?;
        Refusal::check(answer.error_code, None)?;
        let spoken = answer.api_keys.iter();
        Ok(spoken
            .map(|of| (of.api_key, (of.min_version, of.max_version)))
            .collect())
    }
}
