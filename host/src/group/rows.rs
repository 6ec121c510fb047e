//! Where a group stands in each partition, from what was seen of it.

use penstock_core::diagnosis::snapshot::{Commit, Committed, Group, Log, Look, Member};

/// A partition, as the group stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// What is committed.
    pub committed: Committed,
    /// Where the log begins and ends, or why that is not known.
    pub log: Result<Log, String>,
    /// The broker that leads the partition.
    pub leader: Option<i32>,
    /// Who has it.
    pub owner: Option<Owner>,
}

/// A member that has a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// `client.id`
    pub client: String,
    /// Where it connects from.
    pub host: String,
}

impl Row {
    /// The committed offset.
    pub fn at(&self) -> Option<i64> {
        match self.committed {
            Committed::At(offset) => Some(offset),
            _ => None,
        }
    }

    /// Offsets from the committed one to the log's end; `None` where either is not known.
    pub fn lag(&self) -> Option<i64> {
        let end = self.log.as_ref().ok()?.end;
        Some((end - self.at()?).max(0))
    }
}

/// A row a partition, by topic and number; `committed` is what the coordinator listed.
pub(super) fn rows(look: &Look, committed: &[Commit], group: Option<&Group>) -> Vec<Row> {
    let mut rows = Vec::new();
    for topic in &look.topics {
        for of in topic.partitions.known().into_iter().flatten() {
            let found = committed
                .iter()
                .find(|it| it.topic == topic.name && it.partition == of.number);
            rows.push(Row {
                topic: topic.name.clone(),
                partition: of.number,
                committed: found.map_or(Committed::Nothing, |it| it.offset.clone()),
                log: known(&of.log),
                leader: of.leader,
                owner: owner(group, &topic.name, of.number),
            });
        }
    }
    rows
}

fn owner(group: Option<&Group>, topic: &str, partition: i32) -> Option<Owner> {
    let members = group.into_iter().flat_map(|group| &group.members);
    let has = |of: &&Member| {
        let mut assigned = of.assignment.iter();
        assigned.any(|it| it.topic == topic && it.partitions.contains(&partition))
    };
    members.into_iter().find(has).map(|of| Owner {
        client: of.client.clone(),
        host: of.host.clone(),
    })
}

fn known(log: &penstock_core::diagnosis::snapshot::Answer<Log>) -> Result<Log, String> {
    use penstock_core::diagnosis::snapshot::Answer;
    match log {
        Answer::Known(log) => Ok(*log),
        other => Err(other.why().unwrap_or("it was not asked").to_owned()),
    }
}
