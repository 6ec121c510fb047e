//! A configuration and a cluster that suits it, to be spoilt.

use std::collections::BTreeMap;

use penstock_core::codes::Code;
use penstock_core::config::{Config, load};
use penstock_core::diagnosis::snapshot::{Access, Ahead, Answer, Batch, GroupKind};
use penstock_core::preflight::snapshot::{Clock, Operations, Replicas, Seen, Topic};
use penstock_core::preflight::{Finding, Report, Severity, check};

use crate::support::{Fakes, defaults, env, file};
use crate::world::{Build, NOW_MS, look};

pub const HOUR_MS: i64 = 3_600_000;
/// Read, Write and Describe.
pub const ALL: Operations = Operations(1 << 3 | 1 << 4 | 1 << 8);

/// Handler `grant` of the topic `orders` writes to `access`, dead letters go to `orders.dlq`; with
/// further lines of the handler.
pub fn config(of_handler: &str) -> Config {
    config_of("dead-letter = \"orders.dlq\"\n", "", of_handler)
}

/// The same, with other lines of the topic and of `[kafka]`.
pub fn config_of(of_topic: &str, of_kafka: &str, of_handler: &str) -> Config {
    let text = format!(
        "[host]\nid = \"a\"\n[kafka]\nbootstrap = \"b:1\"\ngroup = \"g\"\n{of_kafka}\
         [handlers.grant]\nplugin = \"purchase-to-access.wasm\"\n\
         outputs = {{ access-granted = \"access\" }}\n{of_handler}\
         [topics.orders]\nhandlers = [\"grant\"]\nstart = \"earliest\"\n{of_topic}"
    );
    let files = [file("a.toml", text)];
    let loaded = load(&files, &env, &defaults(), &Fakes);
    loaded
        .unwrap_or_else(|report| panic!("{}", report.render(false)))
        .config
}

/// A cluster that suits it: ten records wait in the first partition of `orders`, a minute old.
pub fn fine() -> Seen {
    let mut look = look().topic("orders", &[(0, 10, 10), (0, 0, 0)]);
    look.group = Answer::Known(penstock_core::diagnosis::snapshot::Group {
        kind: GroupKind::Classic,
        state: "Empty".to_owned(),
        assignor: String::new(),
        epoch: None,
        members: Vec::new(),
    });
    let requests = [0, 1, 2, 3, 8, 9, 10, 11, 22, 68];
    let seen = Seen {
        bootstrap: "b:1".to_owned(),
        look,
        topics: [("orders", 2), ("access", 2), ("orders.dlq", 1)]
            .map(|(name, partitions)| (name.to_owned(), topic(partitions)))
            .into(),
        topic_names: Answer::Unasked,
        starts: BTreeMap::new(),
        ahead: vec![Ahead {
            topic: "orders".to_owned(),
            partition: 0,
            from: 0,
            batch: Answer::Known(Some(Batch {
                first: 0,
                last: 4,
                records: 5,
                bytes: 500,
                codec: "zstd".to_owned(),
                time_ms: NOW_MS - 60_000,
                is_sound: Some(true),
            })),
        }],
        latest_ms: [("orders".to_owned(), NOW_MS - 1000)].into(),
        keys: BTreeMap::new(),
        access: Access {
            protocol: "SASL_SSL".to_owned(),
            mechanism: Some("PLAIN".to_owned()),
            principal: Some("User:worker".to_owned()),
        },
        has_authoriser: Answer::Known(true),
        group_operations: Answer::Known(ALL),
        may_transact: Answer::Unasked,
        transaction_ms_max: Answer::Unasked,
        requests: Answer::Known(requests.map(|key| (key, (0, 12))).into()),
        consumer_protocol: Answer::Unasked,
        clock: Answer::Known(Clock {
            ahead_ms: 3,
            within_ms: 2,
        }),
    };
    seen.set("orders.dlq", "max.message.bytes", "8010000")
}

fn topic(partitions: i32) -> Topic {
    let replicas = |partition| Replicas {
        partition,
        has_leader: true,
        all: 3,
        in_sync: 3,
    };
    let settings = [
        ("cleanup.policy", "delete"),
        ("max.message.bytes", "8000000"),
        ("message.timestamp.after.max.ms", "3600000"),
        ("message.timestamp.before.max.ms", "9223372036854775807"),
        ("message.timestamp.type", "CreateTime"),
        ("min.insync.replicas", "2"),
        ("retention.bytes", "-1"),
        ("retention.ms", "604800000"),
    ];
    Topic {
        partitions: Answer::Known((0..partitions).map(replicas).collect()),
        settings: Answer::Known(settings.map(|(k, v)| (k.to_owned(), v.to_owned())).into()),
        operations: Some(ALL),
    }
}

/// Changes to what was seen.
pub trait Spoil {
    /// One of its topics.
    fn at(&mut self, topic: &str) -> &mut Topic;
    /// Sets a topic's setting.
    fn set(self, topic: &str, key: &str, value: &str) -> Self;
    /// The batch that waits.
    fn batch(&mut self) -> &mut Batch;
}

impl Spoil for Seen {
    fn at(&mut self, topic: &str) -> &mut Topic {
        self.topics.get_mut(topic).expect("it is one of them")
    }

    fn set(mut self, topic: &str, key: &str, value: &str) -> Seen {
        if let Answer::Known(settings) = &mut self.at(topic).settings {
            settings.insert(key.to_owned(), value.to_owned());
        }
        self
    }

    fn batch(&mut self) -> &mut Batch {
        match &mut self.ahead[0].batch {
            Answer::Known(Some(batch)) => batch,
            other => panic!("{other:?}"),
        }
    }
}

pub fn report(config: &Config, seen: &Seen) -> Report {
    check(config, seen)
}

/// The only finding, with its code, severity and subject.
#[track_caller]
pub fn only(config: &Config, seen: &Seen, of: (Code, Severity, &str)) -> Finding {
    let report = check(config, seen);
    let [finding] = report.findings.as_slice() else {
        panic!("not one: {:#?}", report.findings);
    };
    assert_eq!(
        (finding.code, finding.severity, finding.subject.as_str()),
        of,
        "{finding:#?}"
    );
    let is_told = !finding.why.is_empty() && !finding.cost.is_empty();
    assert!(is_told && !finding.cure.is_empty(), "{finding:#?}");
    finding.clone()
}

/// A finding says this somewhere.
#[track_caller]
pub fn says(finding: &Finding, part: &str) {
    let mut said = vec![&finding.what, &finding.why, &finding.cost];
    for step in &finding.cure {
        said.push(&step.text);
        said.extend(&step.command);
    }
    assert!(
        said.iter().any(|text| text.contains(part)),
        "no {part:?} in {finding:#?}"
    );
}
