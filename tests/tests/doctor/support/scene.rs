//! A topic and a group, all of one test alone.

use anyhow::Result;
use penstock_tests::{Broker, Client, Outgoing, unique};

use super::worker::{Pace, Worker, await_settled};
use super::{Doctor, SOON};

/// See the module.
pub struct Scene {
    pub client: Client,
    pub topic: String,
    pub group: String,
}

impl Scene {
    /// On the shared broker; the topic is created.
    pub fn new(name: &str, partitions: i32) -> Result<Scene> {
        Scene::on(Broker::shared(), name, partitions)
    }

    /// On a broker of its own; the topic is created.
    pub fn on(broker: &Broker, name: &str, partitions: i32) -> Result<Scene> {
        let scene = Scene::named(broker, name)?;
        scene.client.create_topic(&scene.topic, partitions, &[])?;
        Ok(scene)
    }

    /// The names alone.
    pub fn without_topic(name: &str) -> Result<Scene> {
        Scene::named(Broker::shared(), name)
    }

    fn named(broker: &Broker, name: &str) -> Result<Scene> {
        let name = unique(name);
        Ok(Scene {
            client: Client::new(broker.bootstrap())?,
            topic: format!("{name}.records"),
            group: name,
        })
    }

    /// Sends so many records to a partition.
    pub fn send(&self, partition: i32, records: usize) -> Result<()> {
        let record = Outgoing::to(&self.topic).partition(partition).value("v");
        self.client.produce(&vec![record; records]).map(drop)
    }

    /// Sends these values to a partition.
    pub fn send_values(&self, partition: i32, values: &[&str]) -> Result<()> {
        let record = |value: &&str| Outgoing::to(&self.topic).partition(partition).value(*value);
        let records: Vec<Outgoing> = values.iter().map(record).collect();
        self.client.produce(&records).map(drop)
    }

    /// A worker of the group.
    pub fn worker(&self, pace: Pace, settings: &[(&str, &str)]) -> Result<Worker> {
        Worker::start(
            self.client.bootstrap(),
            &self.group,
            &[&self.topic],
            pace,
            settings,
        )
    }

    /// The doctor of the group.
    pub fn doctor(&self) -> Doctor {
        Doctor::of(self.client.bootstrap(), &self.group)
    }

    /// Waits until the group has so many members and they have settled.
    pub fn settled(&self, members: usize) {
        await_settled(&self.doctor().and(&["--watch-for", "0s"]), members);
    }

    /// Waits until something is committed of the first partition.
    pub fn committed(&self) {
        penstock_tests::eventually("a first commit", SOON, || {
            let committed = self.client.committed(&self.group, &self.topic)?;
            anyhow::ensure!(committed[&0].is_some(), "{committed:?}");
            Ok(())
        });
    }

    /// Waits until all is committed.
    pub fn caught_up(&self) {
        penstock_tests::eventually("all is committed", SOON, || {
            self.client.caught_up(&self.group, &self.topic)
        });
    }
}
