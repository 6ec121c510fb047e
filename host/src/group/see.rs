//! Looks at a group, and at the logs that it reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use penstock_admin_protocol::{Broker, ByPartition, Cluster, Error, Place, Refusal};
use penstock_core::diagnosis::snapshot::{Answer, Commit, Committed, Group, Log};
use penstock_core::offsets::{Standing, Target};

use super::rows::{self, Row};
use crate::commands::{Exit, Failure};
use crate::doctor::{ANSWER_TIME_MAX, Ask, coordinator, look_once};
use crate::security::Entrance;

/// Which group, and which partitions of it.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// Brokers, `host:port,…`.
    pub bootstrap: String,
    /// How to connect to them, and as whom.
    pub entrance: Entrance,
    /// The group.
    pub group: String,
    /// Topics; none: all that the group has to do with.
    pub topics: Vec<String>,
    /// Numbers of partitions; none: all. Not without exactly one topic.
    pub partitions: Vec<i32>,
}

/// What was seen of a group.
pub struct Seen {
    /// The cluster.
    pub cluster: Cluster,
    /// The group's coordinator.
    pub coordinator: Arc<Broker>,
    /// The group; `None` if there is none of that name.
    pub group: Option<Group>,
    /// The partitions that were chosen.
    pub rows: Vec<Row>,
}

impl Seen {
    /// Looks.
    ///
    /// # Errors
    /// What could not be seen: the brokers, the coordinator, a topic, a permission.
    pub async fn of(chosen: &Chosen) -> Result<Seen, Failure> {
        let security = chosen.entrance.security.clone();
        let cluster = Cluster::find(&chosen.bootstrap, security, ANSWER_TIME_MAX)
            .await
            .map_err(|errors| no_broker(&chosen.bootstrap, &errors))?;
        let ask = Ask {
            bootstrap: chosen.bootstrap.clone(),
            entrance: chosen.entrance.clone(),
            group: chosen.group.clone(),
            topics: chosen.topics.clone(),
            outputs: Vec::new(),
            watch_for: Default::default(),
            hosts: None,
        };
        let look = look_once(&cluster, &ask).await;
        let about = format!("the group {}", chosen.group);
        known(&look.coordinator, &about)?;
        let group = known(&look.group, &about)?.cloned();
        let committed = known(&look.committed, &about)?.cloned().unwrap_or_default();
        for topic in &look.topics {
            let about = format!("the topic {}", topic.name);
            // Members may want what isn't there, and wait for it.
            let named = chosen.topics.contains(&topic.name);
            if known(&topic.partitions, &about)?.is_none() && named {
                let what = format!("there is no topic {}", topic.name);
                return Err(Failure::new(Exit::Problem, what)
                    .hint("`penstock doctor` names those that sound like it"));
            }
        }
        let rows = rows::rows(&look, &committed, group.as_ref());
        let rows = chosen_of(chosen, rows)?;
        let coordinator = coordinator::find(&cluster, &chosen.group).await;
        let coordinator = coordinator.map_err(|error| broker_failure(&error))?;
        Ok(Seen {
            cluster,
            coordinator,
            group,
            rows,
        })
    }

    /// What the group has committed now.
    ///
    /// # Errors
    /// The coordinator doesn't answer, or refuses.
    pub async fn committed(&self, group: &str) -> Result<Vec<Commit>, Failure> {
        let answer = self.coordinator.committed(group).await;
        let of = answer.map_err(|error| broker_failure(&error))?;
        let commit = |((topic, partition), offset): ((String, i32), Result<i64, Refusal>)| Commit {
            topic,
            partition,
            offset: match offset {
                Ok(offset) => Committed::At(offset),
                Err(refusal) if refusal.is_unstable_commit() => Committed::Unstable,
                Err(refusal) => Committed::Refused(refusal.to_string()),
            },
        };
        Ok(of.into_iter().map(commit).collect())
    }
}

fn chosen_of(chosen: &Chosen, rows: Vec<Row>) -> Result<Vec<Row>, Failure> {
    if let Some(number) = chosen.partitions.iter().find(|number| {
        let mut there = rows.iter().map(|row| row.partition);
        !there.any(|there| there == **number)
    }) {
        let topic = chosen.topics.first().map_or("", String::as_str);
        let what = format!("{topic} has no partition {number}");
        return Err(Failure::new(Exit::Problem, what));
    }
    let wanted =
        |row: &Row| chosen.partitions.is_empty() || chosen.partitions.contains(&row.partition);
    Ok(rows.into_iter().filter(wanted).collect())
}

/// What each partition is before a reset to `target`; asks for times where they matter.
///
/// # Errors
/// A partition of which not enough is known.
pub async fn standings(seen: &Seen, target: Target) -> Result<Vec<Standing>, Failure> {
    let at_time = match target {
        Target::Time(ms) => times(seen, ms).await?,
        _ => ByPartition::new(),
    };
    let standing = |row: &Row| {
        let unknown = |why: &str| {
            let what = format!("{}[{}] can't be reset: {why}", row.topic, row.partition);
            Failure::new(Exit::Problem, what).cost("nothing was changed")
        };
        let log: &Log = row.log.as_ref().map_err(|why| unknown(why))?;
        let committed = match &row.committed {
            Committed::At(offset) => Some(*offset),
            Committed::Nothing => None,
            Committed::Unstable => {
                return Err(unknown(
                    "a transaction that is not over yet commits its offset",
                ));
            }
            Committed::Refused(why) => return Err(unknown(why)),
        };
        Ok(Standing {
            topic: row.topic.clone(),
            partition: row.partition,
            committed,
            start: log.start,
            end: log.end,
            at_time: at_time.get(&(row.topic.clone(), row.partition)).copied(),
        })
    };
    seen.rows.iter().map(standing).collect()
}

/// The first offset of each log that is not older; none where there is none.
async fn times(seen: &Seen, ms: i64) -> Result<ByPartition<i64>, Failure> {
    let mut led: BTreeMap<i32, Vec<(String, i32)>> = BTreeMap::new();
    for row in &seen.rows {
        if let Some(leader) = row.leader {
            let key = (row.topic.clone(), row.partition);
            led.entry(leader).or_default().push(key);
        }
    }
    let mut found = ByPartition::new();
    for (leader, partitions) in led {
        // Of those of a broker that isn't listed the log is not known either.
        let Some(broker) = seen.cluster.broker(leader) else {
            continue;
        };
        let answer = broker.offsets(Place::At(ms), &partitions).await;
        for (key, offset) in answer.map_err(|error| broker_failure(&error))? {
            let offset = offset.map_err(|refusal| broker_failure(&refusal.into()))?;
            if offset >= 0 {
                found.insert(key, offset);
            }
        }
    }
    Ok(found)
}

/// `None`: it isn't there.
fn known<'a, T>(answer: &'a Answer<T>, about: &str) -> Result<Option<&'a T>, Failure> {
    match answer {
        Answer::Known(known) => Ok(Some(known)),
        Answer::Missing(_) | Answer::Unasked => Ok(None),
        Answer::Unauthorised(why) => {
            let what = format!("{about} may not be looked at: {why}");
            Err(Failure::new(Exit::Problem, what)
                .hint("permissions come from the cluster's administrators"))
        }
        Answer::Barred(barrier) => {
            let what = format!("{about} can't be looked at: {}", barrier.text);
            Err(Failure::new(Exit::Problem, what).hint(BARRED))
        }
        Answer::Failed(why) => {
            let what = format!("{about} can't be looked at: {why}");
            Err(Failure::new(Exit::KafkaUnreachable, what))
        }
    }
}

/// No broker answers, or lets anybody in: what came of each address.
pub fn no_broker(bootstrap: &str, errors: &[Error]) -> Failure {
    let each: Vec<String> = errors.iter().map(ToString::to_string).collect();
    let cost = each.join("\n       ");
    // One that is there and lets nobody in is not out of reach.
    let is_barred = |error: &Error| matches!(error, Error::Barred { .. });
    if errors.iter().any(is_barred) {
        let what = format!("no broker of {bootstrap} lets anybody in");
        return Failure::new(Exit::Problem, what).cost(cost).hint(BARRED);
    }
    let what = format!("no broker of {bootstrap} answers");
    Failure::new(Exit::KafkaUnreachable, what)
        .cost(cost)
        .hint("are the brokers running, and is the address right?")
}

/// Where a broker and this side don't come together.
const BARRED: &str = "`penstock doctor`, asked in the same way, says what to do";

pub(super) fn broker_failure(error: &Error) -> Failure {
    let exit = match error {
        Error::Refused(_) => Exit::Problem,
        _ => Exit::KafkaUnreachable,
    };
    Failure::new(exit, error)
}
