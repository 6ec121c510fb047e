//! A cluster, found by some of its brokers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::broker::Broker;
use crate::error::Error;
use crate::metadata::{Metadata, Wanted};
use crate::security::Security;

/// Of a broker that is named without one.
const PORT: u16 = 9092;

/// The brokers of a cluster, by id.
pub struct Cluster {
    security: Arc<Security>,
    answer_time_max: Duration,
    entry: Arc<Broker>,
    brokers: BTreeMap<i32, Arc<Broker>>,
    metadata: Metadata,
}

impl Cluster {
    /// Finds the cluster by `bootstrap` (`host:port,…`): the first that answers is taken. Each
    /// connection, now and later, is made as `security` says, and each request may take
    /// `answer_time_max`.
    ///
    /// # Errors
    /// None answers: what came of each.
    pub async fn find(
        bootstrap: &str,
        security: Security,
        answer_time_max: Duration,
    ) -> Result<Cluster, Vec<Error>> {
        let security = Arc::new(security);
        let broker =
            |address: &str| Broker::new(address.to_owned(), Arc::clone(&security), answer_time_max);
        let addresses = bootstrap
            .split(',')
            .map(str::trim)
            .filter(|it| !it.is_empty())
            .map(address);
        let mut asked = JoinSet::new();
        for address in addresses {
            let entry = Arc::new(broker(&address));
            asked.spawn(async move {
                let metadata = entry.metadata(Wanted::Brokers).await;
                metadata.map(|metadata| (entry, metadata))
            });
        }
        let mut errors = Vec::new();
        while let Some(answer) = asked.join_next().await {
            let Ok(answer) = answer else { continue };
            match answer {
                Ok((entry, metadata)) => {
                    let brokers = metadata.brokers.iter();
                    let brokers = brokers.map(|it| (it.id, Arc::new(broker(&it.address))));
                    return Ok(Cluster {
                        brokers: brokers.collect(),
                        security,
                        answer_time_max,
                        entry,
                        metadata,
                    });
                }
                Err(error) => errors.push(error),
            }
        }
        Err(errors)
    }

    /// The broker that answered first, at its bootstrap address.
    pub fn entry(&self) -> &Arc<Broker> {
        &self.entry
    }

    /// A broker at its advertised address.
    pub fn broker(&self, id: i32) -> Option<&Arc<Broker>> {
        self.brokers.get(&id)
    }

    /// A broker that the cluster did not list when it was found.
    pub fn at(&self, address: &str) -> Arc<Broker> {
        Arc::new(Broker::new(
            address.to_owned(),
            Arc::clone(&self.security),
            self.answer_time_max,
        ))
    }

    /// All brokers, at their advertised addresses.
    pub fn brokers(&self) -> impl Iterator<Item = (i32, &Arc<Broker>)> {
        self.brokers.iter().map(|(id, broker)| (*id, broker))
    }

    /// What the cluster said of itself when it was found; no topics.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

/// Where librdkafka looks for a broker of this name, too: without what it says of the protocol,
/// which the settings say, and at Kafka's port where there is none.
fn address(named: &str) -> String {
    let address = named
        .split_once("://")
        .map_or(named, |(_, address)| address);
    match address.rsplit_once(':') {
        Some((_, port)) if !port.contains(']') => address.to_owned(),
        _ => format!("{address}:{PORT}"),
    }
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_broker_is_looked_for_where_librdkafka_looks_for_it() {
        for (named, found) in [
            ("a:1", "a:1"),
            ("a", "a:9092"),
            ("SSL://a:1", "a:1"),
            ("PLAINTEXT://a", "a:9092"),
            ("[::1]:1", "[::1]:1"),
            ("[::1]", "[::1]:9092"),
        ] {
            assert_eq!(address(named), found, "{named}");
        }
    }
}
