//! Settings of topics.

use std::collections::BTreeMap;

use kafka_protocol::messages::DescribeConfigsRequest;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::protocol::StrBytes;

use crate::broker::Broker;
use crate::error::{Error, Refusal};

/// The settings of a topic, by name.
pub type Settings = BTreeMap<String, String>;

const TOPIC: i8 = 2;

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
        let keys: Vec<_> = keys
            .iter()
            .map(|key| StrBytes::from_static_str(key))
            .collect();
        let resource = |name: &String| {
            DescribeConfigsResource::default()
                .with_resource_type(TOPIC)
                .with_resource_name(StrBytes::from_string(name.clone()))
                .with_configuration_keys(Some(keys.clone()))
        };
        let resources = topics.iter().map(resource).collect();
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
