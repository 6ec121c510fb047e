//! Looks at a group, as often as one likes.

use std::collections::BTreeSet;

use penstock_admin_protocol::{Cluster, Error};
use penstock_core::diagnosis::Snapshot;
use penstock_core::diagnosis::snapshot::{Answer, FORMAT, Glimpse, Look};

use super::{
    ANSWER_TIME_MAX, Ask, ahead, history, hosts, look, missing, outputs, quotas, settings,
    transactions,
};

/// Keeps its connections from one look to the next.
pub struct Observer {
    pub(super) ask: Ask,
    client: Option<String>,
    cluster: Option<Cluster>,
    /// Somebody did not answer the last time: brokers come and go.
    stale: bool,
}

impl Observer {
    /// An observer of a group; with a `client`, only what the member of that `client.id` has, and
    /// what nobody has, is in question.
    pub fn new(ask: Ask, client: Option<String>) -> Observer {
        Observer {
            ask,
            client,
            cluster: None,
            stale: false,
        }
    }

    /// The member in question, if it is one alone.
    pub fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    /// One look, also at these topics, with which the group had to do before.
    ///
    /// # Errors
    /// No broker answers: what came of each address.
    pub async fn look(&mut self, known: BTreeSet<String>) -> Result<Look, Vec<Error>> {
        if self.cluster.is_none() || self.stale {
            let security = self.ask.entrance.security.clone();
            let found = Cluster::find(&self.ask.bootstrap, security, ANSWER_TIME_MAX).await;
            match (found, &self.cluster) {
                (Ok(found), _) => self.cluster = Some(found),
                (Err(errors), None) => return Err(errors),
                // Whoever is left of it may still answer.
                (Err(_), Some(_)) => {}
            }
        }
        let Some(cluster) = &self.cluster else {
            return Err(Vec::new());
        };
        let mut look = look::look(cluster, &self.ask, known).await;
        if let Some(access) = &self.ask.hosts {
            look.hosts = hosts::look(&look, access.token.as_ref()).await;
        }
        let silent = |of: &Answer<()>| matches!(of, Answer::Failed(_) | Answer::Barred(_));
        let all_answer = !look.brokers.iter().any(|of| silent(&of.reached));
        self.stale = !all_answer || look.coordinator.known().is_none();
        Ok(look)
    }

    /// The group alone, between two looks.
    pub(super) async fn glimpse(&self, coordinator: i32) -> Option<Glimpse> {
        look::glimpse(self.cluster.as_ref()?, &self.ask, coordinator).await
    }

    /// A snapshot of looks, with what they make worth asking.
    pub async fn complete(&self, looks: Vec<Look>) -> Snapshot {
        let mut snapshot = self.snapshot(looks);
        if let Some(cluster) = &self.cluster {
            ahead::look(cluster, &mut snapshot).await;
            transactions::look(cluster, &mut snapshot).await;
            settings::look(cluster, &mut snapshot).await;
            missing::names(cluster, &mut snapshot).await;
        }
        snapshot
    }

    /// Only what lies at positions that don't move: it decides whether to watch them.
    pub(super) async fn look_ahead(&self, snapshot: &mut Snapshot) {
        if let Some(cluster) = &self.cluster {
            ahead::look(cluster, snapshot).await;
        }
    }

    /// What only somebody who asks wants to know, and a watchdog need not again and again.
    pub(super) async fn look_around(&self, snapshot: &mut Snapshot) {
        if let Some(cluster) = &self.cluster {
            outputs::look(cluster, &self.ask.outputs, snapshot).await;
            history::look(cluster, snapshot).await;
            quotas::look(cluster, snapshot).await;
        }
    }

    pub(super) fn snapshot(&self, looks: Vec<Look>) -> Snapshot {
        Snapshot {
            format: FORMAT,
            made_by: format!("penstock {}", env!("CARGO_PKG_VERSION")),
            bootstrap: self.ask.bootstrap.clone(),
            access: self.ask.entrance.access(),
            entry: Vec::new(),
            group: self.ask.group.clone(),
            topics: self.ask.topics.clone(),
            client: self.client.clone(),
            looks,
            glimpses: Vec::new(),
            groups: Answer::Unasked,
            topic_names: Answer::Unasked,
            open_transactions: Vec::new(),
            ahead: Vec::new(),
            outputs: Vec::new(),
            history: Answer::Unasked,
            quotas: Answer::Unasked,
            hidden: Vec::new(),
        }
    }
}
