//! `Debug` of what may hold secrets: the names of settings without their values.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};

use super::{Handler, Kafka};

struct Names<'a>(&'a BTreeMap<String, String>);

impl Debug for Names<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Debug for Kafka {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            bootstrap,
            group,
            protocol,
            delivery,
            commit_interval,
            common,
            consumer,
            producer,
        } = self;
        f.debug_struct("Kafka")
            .field("bootstrap", bootstrap)
            .field("group", group)
            .field("protocol", protocol)
            .field("delivery", delivery)
            .field("commit_interval", commit_interval)
            .field("common", &Names(common))
            .field("consumer", &Names(consumer))
            .field("producer", &Names(producer))
            .finish()
    }
}

impl Debug for Handler {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            plugin,
            sha256,
            settings,
            outputs,
            limits,
            policy,
            isolation,
            timestamp,
        } = self;
        f.debug_struct("Handler")
            .field("plugin", plugin)
            .field("sha256", sha256)
            .field("settings", &Names(settings))
            .field("outputs", outputs)
            .field("limits", limits)
            .field("policy", policy)
            .field("isolation", isolation)
            .field("timestamp", timestamp)
            .finish()
    }
}
