//! One look at a group: its coordinator, its members, its commits, and the logs it reads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use penstock_admin_protocol::{self as protocol, Cluster, Error, Place, Wanted};
use penstock_core::diagnosis::snapshot::{
    Answer, Broker, Commit, Glimpse, Group, Log, Look, Partition, Topic,
};
use tokio::task::JoinSet;

use super::{Ask, coordinator, now_ms, translate};

/// Whether each broker that was asked has answered.
pub(super) type Asked = BTreeMap<i32, Answer<()>>;

/// Takes one look, also at topics that members wanted who may have left. What does not answer is
/// an answer.
pub(super) async fn look(cluster: &Cluster, ask: &Ask, known: BTreeSet<String>) -> Look {
    let at_ms = now_ms();
    let mut asked = Asked::new();
    // Before the commits are, so that no output is missed that belongs to one.
    let outputs = logs(cluster, &ask.outputs, &mut asked).await;
    let (coordinator, group, committed) = match coordinator::ask(cluster, &ask.group).await {
        Ok(of) => {
            note(&mut asked, of.address.id, &of.committed);
            let committed = translate::answer(of.committed.map(translate::commits));
            (
                Answer::Known(of.address.id),
                translate::described(of.group),
                committed,
            )
        }
        Err(error) => {
            let (group, committed) = (without(&error), without(&error));
            (translate::answer(Err(error)), group, committed)
        }
    };
    let mut wanted = topics(ask, group.known(), committed.known());
    wanted.extend(known);
    let wanted: Vec<String> = wanted.into_iter().collect();
    let topics = logs(cluster, &wanted, &mut asked).await;
    Look {
        at_ms,
        cluster: cluster.metadata().cluster.clone(),
        brokers: brokers(cluster, &asked),
        coordinator,
        group,
        committed,
        topics,
        outputs,
        hosts: Vec::new(),
    }
}

/// What is not known without a coordinator.
fn without<T>(error: &Error) -> Answer<T> {
    match error {
        Error::Refused(refusal) if refusal.is_unauthorised() => {
            Answer::Unauthorised(refusal.to_string())
        }
        other => Answer::Failed(format!("its coordinator is not known: {other}")),
    }
}

/// The group alone, between two looks.
pub(super) async fn glimpse(cluster: &Cluster, ask: &Ask, coordinator: i32) -> Option<Glimpse> {
    let broker = cluster.broker(coordinator)?;
    let at_ms = now_ms();
    let group = translate::described(coordinator::group(broker, &ask.group).await);
    let group = group.known()?.clone();
    Some(Glimpse { at_ms, group })
}

/// What was named, and all that the group has to do with.
fn topics(ask: &Ask, group: Option<&Group>, commits: Option<&Vec<Commit>>) -> BTreeSet<String> {
    if !ask.topics.is_empty() {
        return ask.topics.iter().cloned().collect();
    }
    let commits = commits.into_iter().flatten().map(|of| of.topic.clone());
    commits.chain(group.into_iter().flat_map(wanted)).collect()
}

/// What members want or have.
pub(super) fn wanted(group: &Group) -> impl Iterator<Item = String> {
    let topics = group.members.iter().flat_map(|member| {
        let wants = member.subscription.iter().flatten();
        wants.chain(member.assignment.iter().map(|of| &of.topic))
    });
    topics.cloned()
}

/// The topics with their logs, asked of each leader at the same time.
pub(super) async fn logs(cluster: &Cluster, names: &[String], asked: &mut Asked) -> Vec<Topic> {
    if names.is_empty() {
        return Vec::new();
    }
    let found = match cluster.entry().metadata(Wanted::Topics(names)).await {
        Ok(metadata) => metadata.topics,
        Err(error) => {
            let unknown = |name: &String| translate::unknown_topic(name, &error);
            return names.iter().map(unknown).collect();
        }
    };
    let mut led: BTreeMap<i32, Vec<(String, i32)>> = BTreeMap::new();
    for topic in &found {
        for of in topic.partitions.iter().flatten() {
            if let Some(leader) = of.leader {
                led.entry(leader)
                    .or_default()
                    .push((topic.name.clone(), of.partition));
            }
        }
    }
    let mut asking = JoinSet::new();
    for (leader, partitions) in led {
        let broker = cluster.broker(leader).cloned();
        asking.spawn(async move { (leader, of_leader(broker, partitions).await) });
    }
    let mut logs = BTreeMap::new();
    while let Some(answer) = asking.join_next().await {
        let Ok((leader, (reached, found))) = answer else {
            continue;
        };
        asked.insert(leader, reached);
        logs.extend(found);
    }
    let mut partition = |topic: &str, of: &protocol::PartitionLeader| Partition {
        number: of.partition,
        leader: of.leader,
        log: match (of.leader, logs.remove(&(topic.to_owned(), of.partition))) {
            (_, Some(log)) => log,
            (None, None) => Answer::Failed("it has no leader".to_owned()),
            (Some(_), None) => Answer::Failed("its leader left it out".to_owned()),
        },
    };
    let topics = found.into_iter().map(|topic| Topic {
        id: topic.id.map(translate::topic_id),
        partitions: translate::refused(
            topic
                .partitions
                .map(|all| all.iter().map(|of| partition(&topic.name, of)).collect()),
        ),
        name: topic.name,
        settings: Answer::Unasked,
    });
    topics.collect()
}

type Logs = BTreeMap<(String, i32), Answer<Log>>;

async fn of_leader(
    broker: Option<Arc<protocol::Broker>>,
    partitions: Vec<(String, i32)>,
) -> (Answer<()>, Logs) {
    let failed = |answer: &Answer<Log>| {
        partitions
            .iter()
            .map(|of| (of.clone(), answer.clone()))
            .collect()
    };
    let Some(broker) = broker else {
        let why = "the cluster does not list it".to_owned();
        return (Answer::Failed(why.clone()), failed(&Answer::Failed(why)));
    };
    // In this order, each is at most the next.
    let places = [Place::Start, Place::LastStable, Place::End];
    let mut answers = Vec::with_capacity(places.len());
    for place in places {
        match broker.offsets(place, &partitions).await {
            Ok(answer) => answers.push(answer),
            Err(error) => {
                let failure = translate::answer::<Log>(Err(error.clone()));
                return (translate::answer(Err(error)), failed(&failure));
            }
        }
    }
    let log = |of: &(String, i32)| {
        let mut offsets = answers.iter().map(|answer| answer.get(of).cloned());
        let mut next = || offsets.next().flatten().transpose();
        let log = (next(), next(), next());
        match log {
            (Ok(Some(start)), Ok(Some(last_stable)), Ok(Some(end))) => Answer::Known(Log {
                start,
                last_stable,
                end,
            }),
            (Err(refusal), ..) | (_, Err(refusal), _) | (.., Err(refusal)) => {
                translate::refused(Err(refusal))
            }
            _ => Answer::Failed("its leader left it out".to_owned()),
        }
    };
    let logs = partitions.iter().map(|of| (of.clone(), log(of))).collect();
    (Answer::Known(()), logs)
}

fn note<T>(asked: &mut Asked, broker: i32, answer: &Result<T, Error>) {
    let reached = match answer {
        Ok(_) | Err(Error::Refused(_)) => Answer::Known(()),
        Err(error) => translate::answer(Err(error.clone())),
    };
    asked.insert(broker, reached);
}

fn brokers(cluster: &Cluster, asked: &Asked) -> Vec<Broker> {
    let brokers = cluster.brokers().map(|(id, broker)| Broker {
        id,
        address: broker.address().to_owned(),
        reached: asked.get(&id).cloned().unwrap_or_default(),
    });
    brokers.collect()
}
