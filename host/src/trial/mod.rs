//! A configured handler on trial: what it makes of a record, with no effect whatever.
//!
//! The plugin, its limits and settings, the sandbox and the decisions are the host's; what is
//! missing is the engine that would send, retry and commit.

mod alone;
pub mod case;
mod delivery;
mod isolation;
mod lines;
pub mod outcome;

use std::time::Duration;

use penstock_core::config::{Loaded, OutputTimestamp};
use penstock_core::contract::Description;
use penstock_core::decide::Decision;
use penstock_core::partition::Order;
use penstock_core::record::Record;
use penstock_core::staging::{Output, Staging};
use penstock_engine::plan::TopicPlan;
use penstock_engine::ports::Call;
use penstock_engine::try_record;
use penstock_wasm::Runtime;

use crate::plan;
use crate::record_json::{HeaderJson, Millis, RecordJson};
pub use alone::{Alone, Topic};
pub use delivery::Delivery;
pub use isolation::{Pass, isolated};
pub use lines::Line;
use lines::Lines;

/// As the plugin calls itself, if a handler may be called so.
pub fn name_of(description: &Description) -> &str {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let name = description.name.as_str();
    if (1..=128).contains(&name.len()) && name.chars().all(plain) {
        name
    } else {
        "handler"
    }
}

/// A handler, ready for the records of one topic.
pub struct Bench<'a> {
    runtime: &'a Runtime,
    topic: TopicPlan,
    output_names: Vec<String>,
    lines: Lines,
}

/// What came of one call.
#[derive(Debug)]
pub struct Tried {
    /// What the host would do with the delivery.
    pub decision: Decision,
    /// The outputs that it would send.
    pub outputs: Vec<TriedOutput>,
    /// What the handler logged.
    pub log: Vec<Line>,
    /// How long the call took.
    pub time: Duration,
    /// What the handler's memory took after it, in bytes.
    pub memory_bytes: u64,
}

/// An output that would be sent. Its partition is the producer's to choose.
#[derive(Debug, PartialEq, Eq)]
pub struct TriedOutput {
    /// The plugin's name of it.
    pub name: String,
    /// The message, with the topic that the name is mapped to. Without a timestamp, it would have
    /// the time of sending.
    pub record: RecordJson,
}

impl<'a> Bench<'a> {
    /// The handler `name` for records of `topic`, which need not be configured for each other.
    ///
    /// # Panics
    /// If the configuration was not loaded with this runtime, or has no such handler.
    pub fn new(loaded: &Loaded, runtime: &'a Runtime, topic: &str, name: &str) -> Bench<'a> {
        let config = &loaded.config;
        let output_topics = plan::output_topics(config);
        let handler = plan::handler(loaded, runtime, &output_topics, topic, name);
        let dead_letter = config.topics.get(topic).and_then(|of| {
            let topic = of.dead_letter.as_ref()?;
            Some(plan::output_topic(&output_topics, topic))
        });
        let outputs = &loaded.plugins[name].description.outputs;
        Bench {
            runtime,
            output_names: outputs.iter().map(|of| of.name.clone()).collect(),
            topic: TopicPlan {
                name: topic.into(),
                output_topics,
                handlers: vec![handler],
                dead_letter,
                order: Order::STRICT,
                identity: 0,
            },
            lines: Lines::new(),
        }
    }

    /// Passes a record of a partition through, as the call number `attempt`, counted from 1.
    pub fn call(&self, partition: i32, record: &Record<'_>, attempt: u32) -> Tried {
        self.call_after(Duration::ZERO, Call { partition, attempt }, record)
    }

    /// The same, so long after the first call for the record.
    fn call_after(&self, waited: Duration, call: Call, record: &Record<'_>) -> Tried {
        let mut staging = Staging::default();
        let (trial, log) = self.lines.of(|| {
            self.runtime
                .ticking(|| try_record(&self.topic, 0, record, call, waited, &mut staging))
        });
        let trial = trial.expect("one call at a time finds an instance");
        let outputs = (0..staging.len()).map(|index| self.output(staging.output(index), record));
        Tried {
            outputs: outputs.collect(),
            decision: trial.decision,
            time: trial.time,
            memory_bytes: trial.memory_bytes,
            log,
        }
    }

    fn output(&self, output: Output<'_>, input: &Record<'_>) -> TriedOutput {
        let handler = &self.topic.handlers[0];
        let to = output.to as usize;
        let topic = &self.topic.output_topics[handler.outputs[to].0 as usize];
        let timestamp = output.timestamp_ms.or(match handler.timestamp {
            OutputTimestamp::Now => None,
            OutputTimestamp::Input => input.timestamp.millis(),
        });
        let header = |(name, value): (&str, Option<&[u8]>)| HeaderJson {
            name: name.as_bytes().to_vec(),
            value: value.map(<[u8]>::to_vec),
        };
        TriedOutput {
            name: self.output_names[to].clone(),
            record: RecordJson {
                topic: Some(topic.clone()),
                timestamp: timestamp.map(Millis),
                key: output.key.map(<[u8]>::to_vec),
                value: output.value.map(<[u8]>::to_vec),
                headers: output.headers().map(header).collect(),
                ..RecordJson::default()
            },
        }
    }
}
