//! From the configuration to what the engine and the sink are given.

use std::sync::Arc;
use std::time::Duration;

use penstock_core::config::{self, Config, Loaded};
use penstock_engine::plan::{ComingTopic, Delivery, HandlerPlan, Settings, TopicPlan, Topics};
use penstock_engine::ports::OutputTopic;
use penstock_wasm::{Binding, Runtime};
use sha2::{Digest, Sha256};

use crate::doctor::Ask;
use crate::security::{entrance, settings as settings_of};
use crate::waiting;

/// Between a refusal for which the topic is to blame and the next try.
const RESEND_AFTER: Duration = Duration::from_secs(2);

/// Every topic that is written to, by [`OutputTopic`].
pub fn output_topics(config: &Config) -> Arc<[String]> {
    let outputs = config
        .handlers
        .values()
        .flat_map(|handler| handler.outputs.values());
    let dead_letters = config
        .topics
        .values()
        .filter_map(|topic| topic.dead_letter.as_ref());
    let mut topics: Vec<String> = outputs.chain(dead_letters).cloned().collect();
    topics.sort_unstable();
    topics.dedup();
    topics.into()
}

/// The engine's own limits.
pub fn settings(config: &Config) -> Settings {
    Settings {
        workers: config.host.workers.get(),
        buffer_bytes: config.host.buffer_bytes,
        outbox_bytes: config.host.outbox_bytes,
        resend_after: RESEND_AFTER,
        record_lines: config.log.records,
        delivery: match &config.kafka.delivery {
            config::Delivery::AtLeastOnce => Delivery::AtLeastOnce,
            config::Delivery::ExactlyOnce(transaction) => Delivery::ExactlyOnce {
                commit_interval: config.kafka.commit_interval,
                bytes_max: transaction.bytes,
            },
        },
    }
}

/// What the watchdog looks at. It is the host itself, so no host has to be asked.
///
/// # Errors
/// The protocol's own client can't connect as librdkafka can; in words.
pub fn watch(config: &Config) -> Result<Ask, String> {
    Ok(Ask {
        bootstrap: config.kafka.bootstrap.clone(),
        entrance: entrance(&settings_of(&config.kafka))?,
        group: config.kafka.group.clone(),
        topics: config.topics.keys().cloned().collect(),
        outputs: Vec::new(),
        watch_for: Duration::ZERO,
        hosts: None,
    })
}

/// What is to be done with the records of each topic; those with a plugin that is still being
/// compiled come later, by [`topic`].
///
/// # Panics
/// If the configuration was not loaded with this runtime, which checked every reference in it.
pub fn topics(loaded: &Loaded, runtime: &Runtime, output_topics: &Arc<[String]>) -> Topics {
    let mut topics = Topics::default();
    for (name, topic) in &loaded.config.topics {
        if waiting::pending(loaded, name).is_empty() {
            let plan = self::topic(loaded, runtime, output_topics, name);
            topics.planned.push(plan);
        } else {
            let handlers = topic.handlers.iter();
            topics.coming.push(ComingTopic {
                name: name.as_str().into(),
                handlers: handlers.map(|name| name.as_str().into()).collect(),
            });
        }
    }
    topics
}

/// What is to be done with the records of a topic whose plugins are all there.
///
/// # Panics
/// As [`topics`].
pub fn topic(
    loaded: &Loaded,
    runtime: &Runtime,
    output_topics: &Arc<[String]>,
    name: &str,
) -> TopicPlan {
    let topic = &loaded.config.topics[name];
    let handlers = topic.handlers.iter();
    TopicPlan {
        name: name.into(),
        output_topics: Arc::clone(output_topics),
        handlers: handlers
            .map(|handler| self::handler(loaded, runtime, output_topics, name, handler))
            .collect(),
        dead_letter: topic
            .dead_letter
            .as_ref()
            .map(|topic| output_topic(output_topics, topic)),
        order: loaded.config.order(topic),
        identity: identity(&topic.handlers),
    }
}

/// Stands for the handlers of a topic by their names. A new version of one is no reason to do again
/// what is finished; one that came is, since it has not seen that.
fn identity(handlers: &[String]) -> u64 {
    let digest = Sha256::digest(handlers.join("\0"));
    u64::from_be_bytes(*digest.first_chunk().expect("a digest has 32 bytes"))
}

/// What is to be done with a record of `topic` for the handler `name`, whether it is configured
/// for that topic or not.
///
/// # Errors
/// When its plugin's file changed since the configuration was checked.
///
/// # Panics
/// As [`topics`].
pub fn handler(
    loaded: &Loaded,
    runtime: &Runtime,
    output_topics: &[String],
    topic: &str,
    name: &str,
) -> HandlerPlan {
    let handler = &loaded.config.handlers[name];
    let checked = &loaded.plugins[name];
    let description = &checked.description;
    // What was checked, whatever lies in its place by now.
    let plugin = runtime.loaded(checked.sha256);
    let plugin = plugin.expect("what is checked was loaded by this runtime");
    let outputs = description.outputs.iter();
    HandlerPlan {
        name: name.into(),
        pool: Arc::new(plugin.bind(Binding::new(name, topic, handler, description))),
        outputs: outputs
            .map(|output| output_topic(output_topics, &handler.outputs[&output.name]))
            .collect(),
        policy: handler.policy.clone(),
        timestamp: handler.timestamp,
    }
}

/// The number of one of [`output_topics`].
///
/// # Panics
/// If it is none of them.
pub fn output_topic(output_topics: &[String], topic: &String) -> OutputTopic {
    let found = output_topics.binary_search(topic);
    OutputTopic(found.expect("all written topics are listed") as u32)
}
