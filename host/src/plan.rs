//! From the configuration to what the engine and the sink are given.

use std::sync::Arc;
use std::time::Duration;

use penstock_core::config::Config;
use penstock_engine::plan::{HandlerPlan, Settings, TopicPlan};
use penstock_engine::ports::OutputTopic;
use penstock_wasm::Binding;

use crate::shelf::Shelf;

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
    }
}

/// What is to be done with the records of each topic.
///
/// # Panics
/// If the configuration was not loaded with this shelf, which checked every reference in it.
pub fn topics(config: &Config, shelf: &Shelf, output_topics: &Arc<[String]>) -> Vec<TopicPlan> {
    let index = |topic: &String| {
        let found = output_topics.binary_search(topic);
        OutputTopic(found.expect("all written topics are listed") as u32)
    };
    let topics = config.topics.iter().map(|(name, topic)| TopicPlan {
        name: name.as_str().into(),
        output_topics: Arc::clone(output_topics),
        handlers: topic
            .handlers
            .iter()
            .map(|handler_name| {
                let handler = &config.handlers[handler_name];
                let shelved = shelf.get(&handler.plugin).expect("it was inspected");
                let binding = Binding::new(handler_name, name, handler, &shelved.description);
                HandlerPlan {
                    name: handler_name.as_str().into(),
                    pool: Arc::new(shelved.plugin.bind(binding)),
                    outputs: shelved
                        .description
                        .outputs
                        .iter()
                        .map(|output| index(&handler.outputs[&output.name]))
                        .collect(),
                    retry: handler.retry.clone(),
                    timestamp: handler.timestamp,
                }
            })
            .collect(),
        dead_letter: topic.dead_letter.as_ref().map(index),
    });
    topics.collect()
}
