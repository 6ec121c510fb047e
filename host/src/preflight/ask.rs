//! One look at everything that a configuration has to do with.

use std::sync::Arc;
use std::time::Duration;

use penstock_admin_protocol::{Broker, Cluster, Error, Wanted};
use penstock_core::config::{Config, Delivery, GroupProtocol};
use penstock_core::diagnosis::snapshot::{Answer, Look};
use penstock_core::preflight::snapshot::{Clock, Operations, Seen};
use penstock_core::preflight::{positions, uses};

use super::{keys, logs, topics};
use crate::doctor::translate::answer;
use crate::doctor::{Ask, look_once};
use crate::security::Entrance;

/// What a broker says of a request that its settings switch off.
const UNSUPPORTED_VERSION: &str = "UNSUPPORTED_VERSION";
const TRANSACTION_MAX: &str = "transaction.max.timeout.ms";

/// Looks at the cluster, for this configuration. What does not answer is an answer.
pub async fn look(cluster: &Cluster, config: &Config, entrance: &Entrance) -> Seen {
    let names: Vec<String> = uses(config).into_keys().map(str::to_owned).collect();
    let ask = Ask {
        bootstrap: config.kafka.bootstrap.clone(),
        entrance: entrance.clone(),
        group: config.kafka.group.clone(),
        topics: config.topics.keys().cloned().collect(),
        outputs: Vec::new(),
        watch_for: Duration::ZERO,
        hosts: None,
    };
    let look = look_once(cluster, &ask).await;
    let topics = topics::look(cluster, &names).await;
    let lacks = |of: &penstock_core::preflight::snapshot::Topic| {
        matches!(of.partitions, Answer::Missing(_))
    };
    let topic_names = match topics.values().any(lacks) {
        true => answer(cluster.entry().metadata(Wanted::All).await.map(named)),
        false => Answer::Unasked,
    };
    let starts = logs::starts(cluster, config, &look).await;
    let positions = positions(config, &look, &starts);
    let entry = cluster.entry();
    let coordinator = coordinator(cluster, &look);
    Seen {
        bootstrap: config.kafka.bootstrap.clone(),
        ahead: logs::ahead(cluster, &positions).await,
        latest_ms: logs::latest(cluster, &look).await,
        topics,
        topic_names,
        starts,
        keys: keys::look(config).await,
        access: entrance.access(),
        has_authoriser: answer(entry.has_authoriser().await),
        group_operations: group_operations(coordinator.as_deref(), &look, config).await,
        may_transact: may_transact(entry, config).await,
        transaction_ms_max: transaction_ms_max(coordinator.as_deref(), &look, config).await,
        requests: answer(entry.versions().await),
        consumer_protocol: consumer_protocol(coordinator.as_deref(), config).await,
        clock: clock(entry).await,
        look,
    }
}

fn named(of: penstock_admin_protocol::Metadata) -> Vec<String> {
    of.topics.into_iter().map(|topic| topic.name).collect()
}

fn coordinator(cluster: &Cluster, look: &Look) -> Option<Arc<Broker>> {
    let id = look.coordinator.known()?;
    cluster.broker(*id).cloned()
}

async fn group_operations(
    coordinator: Option<&Broker>,
    look: &Look,
    config: &Config,
) -> Answer<Operations> {
    let Some(broker) = coordinator else {
        // Not even who coordinates the group is told without a permission.
        return match &look.coordinator {
            Answer::Unauthorised(why) => Answer::Unauthorised(why.clone()),
            _ => Answer::Unasked,
        };
    };
    match broker.group_operations(&config.kafka.group).await {
        Ok(Some(bits)) => Answer::Known(Operations(bits)),
        Ok(None) => Answer::Unasked,
        Err(error) => answer(Err(error)),
    }
}

/// Whether groups of the newer protocol are switched on: a group that isn't there is answered for.
async fn consumer_protocol(coordinator: Option<&Broker>, config: &Config) -> Answer<bool> {
    let (Some(broker), GroupProtocol::Consumer) = (coordinator, config.kafka.protocol) else {
        return Answer::Unasked;
    };
    match broker.modern_group(&config.kafka.group).await {
        Err(Error::Refused(refusal)) => Answer::Known(refusal.name() != UNSUPPORTED_VERSION),
        Err(Error::Unsupported { .. }) => Answer::Known(false),
        other => answer(other.map(|_| true)),
    }
}

async fn may_transact(broker: &Broker, config: &Config) -> Answer<bool> {
    match &config.kafka.delivery {
        Delivery::AtLeastOnce => Answer::Unasked,
        Delivery::ExactlyOnce(transaction) => {
            let group = &config.kafka.group;
            answer(broker.may_transact(&transaction.id, group).await)
        }
    }
}

/// Of the group's coordinator: brokers of a cluster have the same, as a rule.
async fn transaction_ms_max(
    coordinator: Option<&Broker>,
    look: &Look,
    config: &Config,
) -> Answer<u64> {
    let (Some(broker), Some(id)) = (coordinator, look.coordinator.known()) else {
        return Answer::Unasked;
    };
    if config.kafka.delivery == Delivery::AtLeastOnce {
        return Answer::Unasked;
    }
    match broker.own_settings(*id, &[TRANSACTION_MAX]).await {
        Ok(settings) => {
            let found = settings.get(TRANSACTION_MAX);
            let ms = found.and_then(|text| text.parse().ok());
            ms.map_or(Answer::Unasked, Answer::Known)
        }
        Err(error) => answer(Err(error)),
    }
}

async fn clock(broker: &Broker) -> Answer<Clock> {
    match broker.clock().await {
        Ok(Some(clock)) => Answer::Known(Clock {
            ahead_ms: clock.ahead_ms,
            within_ms: clock.within_ms,
        }),
        Ok(None) => Answer::Unasked,
        Err(error) => answer(Err(error)),
    }
}
