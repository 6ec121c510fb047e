//! Settings of topics and brokers.

use std::collections::BTreeMap;

use kafka_protocol::messages::DescribeConfigsRequest;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::error::{Error, Refusal};

/// Settings, by name.
pub type Settings = BTreeMap<String, String>;

const TOPIC: i8 = 2;
const BROKER: i8 = 4;

impl Broker {
    /// These settings of each of these topics; sensitive ones have no value and are left out.
    ///
    /// # Errors
    /// The broker doesn't answer.
    pub async fn topic_settings(
        &self,
        topics: &[String],
        keys: &[&'static str],
    ) -> Result<BTreeMap<String, Result<Settings, Refusal>>, Error> {
        self.settings(TOPIC, topics, keys).await
    }

    /// These settings of this broker, whose id that is.
    ///
    /// # Errors
    /// The broker doesn't answer, or refuses.
    pub async fn own_settings(&self, id: i32, keys: &[&'static str]) -> Result<Settings, Error> {
        let name = id.to_string();
        let mut found = self
            .settings(BROKER, std::slice::from_ref(&name), keys)
            .await?;
        let found = found.remove(&name).ok_or_else(|| self.silent())?;
        Ok(found?)
    }

    async fn settings(
        &self,
        kind: i8,
        names: &[String],
        keys: &[&'static str],
    ) -> Result<BTreeMap<String, Result<Settings, Refusal>>, Error> {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| StrBytes::from_static_str(key))
            .collect();
        let resource = |name: &String| {
            DescribeConfigsResource::default()
                .with_resource_type(kind)
                .with_resource_name(StrBytes::from_string(name.clone()))
                .with_configuration_keys(Some(keys.clone()))
        };
        let resources = names.iter().map(resource).collect();
        let request = |_| DescribeConfigsRequest::default().with_resources(resources);
        let answer = self.ask(1, request).await?;
        let settings = answer.results.iter().map(|of| {
            let refused = Refusal::check(of.error_code, of.error_message.as_deref());
            let settings = refused.map(|()| {
                let pair =
                    |name: &StrBytes, value: &StrBytes| (name.to_string(), value.to_string());
                let settings = of.configs.iter();
                settings
                    .filter_map(|of| Some(pair(&of.name, of.value.as_ref()?)))
                    .collect()
            });
            (of.resource_name.to_string(), settings)
        });
        Ok(settings.collect())
    }
}
