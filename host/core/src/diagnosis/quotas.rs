//! What clients are held to, and which of it holds back a member that reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::finding::Finding;
use super::scene::{Place, Scene};
use super::words::{quoted, span};

/// A quota.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Quota {
    /// Which users it is for.
    pub user: Whose,
    /// Which `client.id`s it is for.
    pub client: Whose,
    /// How much, by Kafka's names, as `consumer_byte_rate` in bytes a second.
    pub limits: BTreeMap<String, f64>,
}

/// For whom a quota is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// For any, whatever it is.
    Any,
    /// For whoever has none of its own.
    Default,
    /// For this one.
    Named(String),
}

const BYTES: &str = "consumer_byte_rate";
const TIME: &str = "request_percentage";

/// A quota that a member is held to.
struct Held<'q> {
    quota: &'q Quota,
    key: &'static str,
    limit: f64,
    client: &'q str,
}

impl Held<'_> {
    /// `at most 1000 bytes a second for client.id worker (consumer_byte_rate)`
    fn text(&self) -> String {
        let Held { key, limit, .. } = self;
        let limit = match *key {
            BYTES => format!("at most {limit} bytes a second from each broker"),
            _ => format!("at most {limit} % of a thread's time on each broker"),
        };
        format!("{limit} for {} ({key})", self.whom())
    }

    fn whom(&self) -> String {
        let user = match &self.quota.user {
            Whose::Any => None,
            Whose::Default => Some("users without one of their own".to_owned()),
            Whose::Named(user) => Some(format!("user {user}, if it connects as that")),
        };
        let client = match &self.quota.client {
            Whose::Any => None,
            Whose::Default => Some("client.ids without one of their own".to_owned()),
            Whose::Named(client) => Some(format!("client.id {client}")),
        };
        let both: Vec<String> = client.into_iter().chain(user).collect();
        both.join(", ")
    }

    /// Kafka's own tool, to lift it.
    fn lift(&self, scene: &Scene<'_>) -> String {
        let entity = |kind: &str, of: &Whose| match of {
            Whose::Any => String::new(),
            Whose::Default => format!(" --entity-type {kind} --entity-default"),
            Whose::Named(name) => {
                format!(" --entity-type {kind} --entity-name {}", quoted(name))
            }
        };
        format!(
            "{} --alter --delete-config {}{}{}",
            scene.tool("kafka-configs.sh"),
            self.key,
            entity("users", &self.quota.user),
            entity("clients", &self.quota.client)
        )
    }
}

/// The one of these quotas that a client is held to, in Kafka's order; as whom it connects is not
/// known here, so that those of a user that has a name come last.
fn held<'q>(quotas: &'q [Quota], client: &'q str, key: &'static str) -> Option<Held<'q>> {
    let rank = |of: &Quota| {
        let user = match of.user {
            Whose::Default => 0,
            Whose::Any => 3,
            Whose::Named(_) => 6,
        };
        let client = match &of.client {
            Whose::Named(name) if name == client => 0,
            Whose::Named(_) => return None,
            Whose::Default => 1,
            Whose::Any => 2,
        };
        Some(user + client)
    };
    let held = quotas.iter().filter_map(|quota| {
        let limit = *quota.limits.get(key)?;
        let held = Held {
            quota,
            key,
            limit,
            client,
        };
        Some((rank(quota)?, held))
    });
    held.min_by_key(|(rank, _)| *rank).map(|(_, held)| held)
}

/// What the owners of these places are held to.
fn of<'s>(scene: &Scene<'s>, places: &[&Place<'s>]) -> Vec<Held<'s>> {
    let quotas = scene.snapshot.quotas.known();
    let quotas = quotas.map(Vec::as_slice).unwrap_or_default();
    let mut clients: Vec<&str> = places
        .iter()
        .filter_map(|place| Some(place.owner?.client.as_str()))
        .collect();
    clients.sort_unstable();
    clients.dedup();
    let each = clients
        .into_iter()
        .flat_map(|client| [BYTES, TIME].map(|key| held(quotas, client, key)));
    each.flatten().take(4).collect()
}

fn evidence(mut finding: Finding, held: &[Held<'_>]) -> Finding {
    for of in held {
        finding = finding.evidence(format!("quota of {}", of.client), of.text());
    }
    finding
}

/// That the brokers may make the owner of these places wait; nothing if no quota is for it.
pub(super) fn or_throttled<'s>(
    finding: Finding,
    scene: &Scene<'s>,
    places: &[&Place<'s>],
) -> Finding {
    let held = of(scene, places);
    let Some(first) = held.first() else {
        return finding;
    };
    let next = places.iter().find_map(|place| place.next_batch());
    let takes = match next.filter(|_| first.key == BYTES && first.limit > 0.0) {
        Some(batch) => {
            let ms = batch.bytes as f64 * 1000.0 / first.limit;
            format!(", at which the next batch alone takes {}", span(ms as i64))
        }
        None => String::new(),
    };
    evidence(finding, &held).or(format!(
        "it is throttled: the brokers give {} {}{takes}; its metric fetch-throttle-time-avg says so, \
         in librdkafka's statistics `throttle`. `{}` lifts it",
        first.client,
        first.text(),
        first.lift(scene)
    ))
}

/// The same, of members that do get on.
pub(super) fn slowed<'s>(finding: Finding, scene: &Scene<'s>, places: &[&Place<'s>]) -> Finding {
    let held = of(scene, places);
    let Some(first) = held.first() else {
        return finding;
    };
    let command = first.lift(scene);
    evidence(finding, &held).command(
        format!(
            "see whether the quota slows it: {}'s metric fetch-throttle-time-avg is 0 if it does \
             not; raise it, or lift it",
            first.client
        ),
        command,
    )
}

/// Whether a quota would be worth knowing: something is at rest, or slow, and nobody knows why.
pub fn may_matter(findings: &[Finding]) -> bool {
    use crate::codes::Code as C;
    let matters = |of: &Finding| {
        matches!(
            of.code,
            C::DoctorNoCommit | C::DoctorStandstill | C::DoctorTooSlow
        )
    };
    findings.iter().any(matters)
}
