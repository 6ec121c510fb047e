//! What must hold on every cluster and in both group protocols.

mod group;
mod later;
mod outages;
mod resets;
mod starts;

use anyhow::{Result, ensure};
use penstock_core::config::GroupProtocol;
use penstock_tests::{Client, Outgoing, unique};

use crate::support::{Fetched, Setup};

pub use group::*;
pub use later::*;
pub use outages::*;
pub use resets::*;
pub use starts::*;

/// A cluster with a topic of its own for each scenario.
pub struct Ground<'a> {
    pub client: &'a Client,
    pub protocol: GroupProtocol,
    pub topic: String,
    pub group: String,
}

impl<'a> Ground<'a> {
    pub fn new(client: &'a Client, protocol: GroupProtocol, topic: &str) -> Ground<'a> {
        crate::support::logged();
        Ground {
            client,
            protocol,
            topic: topic.to_owned(),
            group: unique("group"),
        }
    }

    pub(super) fn setup(&self) -> Setup {
        Setup::new(
            self.client.bootstrap(),
            self.protocol,
            &self.group,
            &self.topic,
        )
    }

    /// Writes records `from..to` by turns into partitions 0 to 2.
    pub(super) fn write(&self, from: i64, to: i64) -> Result<Vec<Fetched>> {
        let partition = |n: i64| i32::try_from(n % 3).expect("small");
        let records: Vec<_> = (from..to)
            .map(|n| {
                Outgoing::to(&self.topic)
                    .partition(partition(n))
                    .value(n.to_string())
            })
            .collect();
        let placed = self.client.produce(&records)?;
        ensure!(placed.len() == records.len());
        let mut written: Vec<_> = (from..to)
            .map(|n| (partition(n), n / 3, n.to_string()))
            .collect();
        written.sort();
        Ok(written)
    }

    pub(super) fn committed(&self) -> Result<Vec<Option<i64>>> {
        Ok(self
            .client
            .committed(&self.group, &self.topic)?
            .into_values()
            .collect())
    }
}
