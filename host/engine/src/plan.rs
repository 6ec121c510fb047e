//! What is to be done with the records of each topic, as `app.rs` lays it out from the
//! configuration.

use std::sync::Arc;
use std::time::Duration;

use penstock_core::config::{OutputTimestamp, RecordLines};
use penstock_core::partition::{Order, OrderBy, ParkLimits};
use penstock_core::policy::Policy;

use crate::ports::{HandlerPool, OutputTopic};

/// The engine's own limits.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Worker threads.
    pub workers: usize,
    /// Bytes of records fetched and not finished, all partitions together.
    pub buffer_bytes: u64,
    /// Bytes of outputs sent and not acknowledged.
    pub outbox_bytes: u64,
    /// Between a refusal for which the topic is to blame and the next try.
    pub resend_after: Duration,
    /// Which records get a log line.
    pub record_lines: RecordLines,
    /// Whether a record's outputs may be there twice after a crash.
    pub delivery: Delivery,
}

/// How outputs and offsets are committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Offsets by the source, once outputs are acknowledged.
    AtLeastOnce,
    /// Outputs, dead letters and offsets together, by [`crate::Engine::transact`].
    ExactlyOnce {
        /// From the first message of a transaction to its commit.
        commit_interval: Duration,
        /// Bytes of keys and values with which a transaction is committed sooner. Twice as many,
        /// shared by the partitions, are kept for it and its successor.
        bytes_max: u64,
    },
}

/// The input topics of an engine.
#[derive(Default)]
pub struct Topics {
    /// Those whose records can be handled.
    pub planned: Vec<TopicPlan>,
    /// Those whose plan comes later, by [`crate::Engine::plan`].
    pub coming: Vec<ComingTopic>,
}

/// An input topic of which only names are known yet: it can be paused and watched, but not read.
pub struct ComingTopic {
    /// Its name.
    pub name: Arc<str>,
    /// The names of its handlers.
    pub handlers: Vec<Arc<str>>,
}

impl ComingTopic {
    /// What is known beforehand of a plan.
    pub(crate) fn of(plan: &TopicPlan) -> ComingTopic {
        let handlers = plan.handlers.iter();
        ComingTopic {
            name: Arc::clone(&plan.name),
            handlers: handlers.map(|of| Arc::clone(&of.name)).collect(),
        }
    }
}

impl From<Vec<TopicPlan>> for Topics {
    fn from(planned: Vec<TopicPlan>) -> Topics {
        Topics {
            planned,
            coming: Vec::new(),
        }
    }
}

/// An input topic.
pub struct TopicPlan {
    /// Its name.
    pub name: Arc<str>,
    /// The names of the output topics, by [`OutputTopic`]; the same for all plans.
    pub output_topics: Arc<[String]>,
    /// Each gets every record, in this order.
    pub handlers: Vec<HandlerPlan>,
    /// Where failed records go.
    pub dead_letter: Option<OutputTopic>,
    /// Which records of a partition wait for which.
    pub order: Order,
    /// Stands for the handlers: differs if others would make something else of a record.
    pub identity: u64,
}

impl TopicPlan {
    /// Whether it matters which records have the same key.
    pub(crate) fn keeps_keys(&self) -> bool {
        let by_key = self.order.lanes > 1 && self.order.by == OrderBy::Key;
        by_key || self.order.park != ParkLimits::NOTHING
    }
}

/// One handler of one topic.
pub struct HandlerPlan {
    /// The name it is configured under.
    pub name: Arc<str>,
    /// Its instances for this topic.
    pub pool: Arc<dyn HandlerPool>,
    /// By the index that the plugin emits to.
    pub outputs: Vec<OutputTopic>,
    /// What its failures are met with.
    pub policy: Policy,
    /// The timestamp of an output that the handler gave none.
    pub timestamp: OutputTimestamp,
}
