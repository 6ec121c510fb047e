//! Snapshots, made in a few words.

use penstock_core::diagnosis::snapshot::{
    Access, Answer, Assigned, Broker, Commit, Committed, FORMAT, Glimpse, Group, GroupKind, Log,
    Look, Member, Partition, Snapshot, Topic,
};
use penstock_core::diagnosis::{Diagnosis, diagnose};

/// 2026-01-01T00:00:00Z
pub const NOW_MS: i64 = 1_767_225_600_000;

/// A group that is stable and has no members yet, on one broker.
pub fn look() -> Look {
    Look {
        at_ms: NOW_MS,
        cluster: Some("cluster".to_owned()),
        brokers: vec![Broker {
            id: 1,
            address: "broker:9092".to_owned(),
            reached: Answer::Known(()),
        }],
        coordinator: Answer::Known(1),
        group: Answer::Known(Group {
            kind: GroupKind::Classic,
            state: "Stable".to_owned(),
            assignor: "range".to_owned(),
            epoch: None,
            members: Vec::new(),
        }),
        committed: Answer::Known(Vec::new()),
        topics: Vec::new(),
        outputs: Vec::new(),
        hosts: Vec::new(),
    }
}

/// A member `client` that subscribes to `topic` and has some of its partitions.
pub fn member(client: &str, topic: &str, partitions: &[i32]) -> Member {
    Member {
        id: format!("{client}-id"),
        instance: None,
        client: client.to_owned(),
        host: "10.0.0.1".to_owned(),
        epoch: None,
        subscription: Some(vec![topic.to_owned()]),
        pattern: None,
        assignment: vec![Assigned {
            topic: topic.to_owned(),
            topic_id: None,
            partitions: partitions.to_vec(),
        }],
        target: None,
    }
}

/// Changes to a look, one after the other.
pub trait Build: Sized {
    /// Adds a topic with a log `(start, last stable, end)` for each partition.
    fn topic(self, name: &str, logs: &[(i64, i64, i64)]) -> Self;
    /// Adds a topic that isn't there.
    fn no_topic(self, name: &str) -> Self;
    /// Adds a member.
    fn with(self, member: Member) -> Self;
    /// Adds a commit.
    fn commit(self, topic: &str, partition: i32, offset: i64) -> Self;
    /// Sets the group's state.
    fn state(self, state: &str) -> Self;
    /// Moves the look in time.
    fn after(self, ms: i64) -> Self;
}

impl Build for Look {
    fn topic(mut self, name: &str, logs: &[(i64, i64, i64)]) -> Look {
        let partitions = logs.iter().zip(0..).map(|(log, number)| Partition {
            number,
            leader: Some(1),
            log: Answer::Known(Log {
                start: log.0,
                last_stable: log.1,
                end: log.2,
            }),
        });
        self.topics.push(Topic {
            name: name.to_owned(),
            id: Some("first".to_owned()),
            partitions: Answer::Known(partitions.collect()),
            settings: Answer::Unasked,
        });
        self
    }

    fn no_topic(mut self, name: &str) -> Look {
        self.topics.push(Topic {
            name: name.to_owned(),
            id: None,
            partitions: Answer::Missing("UNKNOWN_TOPIC_OR_PARTITION".to_owned()),
            settings: Answer::Unasked,
        });
        self
    }

    fn with(mut self, member: Member) -> Look {
        if let Answer::Known(group) = &mut self.group {
            group.members.push(member);
        }
        self
    }

    fn commit(mut self, topic: &str, partition: i32, offset: i64) -> Look {
        if let Answer::Known(commits) = &mut self.committed {
            commits.push(Commit {
                topic: topic.to_owned(),
                partition,
                offset: Committed::At(offset),
            });
        }
        self
    }

    fn state(mut self, state: &str) -> Look {
        if let Answer::Known(group) = &mut self.group {
            state.clone_into(&mut group.state);
        }
        self
    }

    fn after(mut self, ms: i64) -> Look {
        self.at_ms += ms;
        self
    }
}

/// A snapshot of these looks.
pub fn snapshot(looks: &[Look]) -> Snapshot {
    Snapshot {
        format: FORMAT,
        made_by: "a test".to_owned(),
        bootstrap: "broker:9092".to_owned(),
        group: "workers".to_owned(),
        topics: Vec::new(),
        looks: looks.to_vec(),
        glimpses: Vec::new(),
        groups: Answer::Unasked,
        topic_names: Answer::Unasked,
        open_transactions: Vec::new(),
        ahead: Vec::new(),
        client: None,
        history: Answer::Unasked,
        quotas: Answer::Unasked,
        outputs: Vec::new(),
        hidden: Vec::new(),
        access: Access {
            protocol: "PLAINTEXT".to_owned(),
            ..Access::default()
        },
        entry: Vec::new(),
    }
}

/// Two looks, and glimpses of the group between them.
pub fn with_glimpses(first: Look, between: &[Look], last: Look) -> Snapshot {
    let mut of = snapshot(&[first, last]);
    let glimpses = between.iter().filter_map(|look| {
        Some(Glimpse {
            at_ms: look.at_ms,
            group: look.group.known()?.clone(),
        })
    });
    of.glimpses = glimpses.collect();
    of
}

/// The same look twice, ten seconds apart: all stands still.
pub fn still(look: Look) -> Snapshot {
    snapshot(&[look.clone(), look.after(10_000)])
}

/// The codes that are found.
pub fn codes(snapshot: &Snapshot) -> Vec<&'static str> {
    let found = diagnose(snapshot).findings;
    found.iter().map(|finding| finding.code.as_str()).collect()
}

/// The diagnosis, of which exactly this is found.
#[track_caller]
pub fn only(snapshot: &Snapshot, code: &str) -> Diagnosis {
    let diagnosis = diagnose(snapshot);
    assert_eq!(codes(snapshot), [code], "{diagnosis:#?}");
    diagnosis
}

/// Nothing is found.
#[track_caller]
pub fn healthy(snapshot: &Snapshot) -> Diagnosis {
    let diagnosis = diagnose(snapshot);
    assert!(diagnosis.findings.is_empty(), "{:#?}", diagnosis.findings);
    diagnosis
}
