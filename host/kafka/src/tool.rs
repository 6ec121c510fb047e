//! What the tools that look at Kafka, or write a few records, have in common: bounded waits, and
//! errors for people.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::latch;
use crate::native::{Error, Handle};

/// Between two tries.
pub(crate) const ASK_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Why a tool could not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ToolError {
    /// No broker answered in time.
    #[error("Kafka at {bootstrap} is out of reach: {why}")]
    Unreachable {
        /// Where it was to be.
        bootstrap: String,
        /// The client's words.
        why: String,
    },
    /// The topic does not exist.
    #[error("there is no topic `{topic}` at {bootstrap}")]
    TopicMissing {
        /// The topic's name.
        topic: String,
        /// Where it was to be.
        bootstrap: String,
    },
    /// The topic has no such partition.
    #[error("topic `{topic}` has partitions 0 to {last}, but not {partition}")]
    PartitionMissing {
        /// The topic's name.
        topic: String,
        /// What was asked for.
        partition: i32,
        /// The highest there is.
        last: i32,
    },
    /// Credentials or permissions do not suffice.
    #[error("Kafka at {bootstrap} refuses `{topic}`: {why}")]
    Refused {
        /// Where it is.
        bootstrap: String,
        /// The topic's name.
        topic: String,
        /// Kafka's words.
        why: String,
    },
    /// Anything else that the client reports.
    #[error("{0}")]
    Client(#[from] Error),
}

/// A topic of a cluster, as a tool asks for it.
#[derive(Clone)]
pub(crate) struct Target {
    /// `host:port`, comma-separated.
    pub bootstrap: String,
    /// The topic's name.
    pub topic: Arc<str>,
    /// Who asks.
    pub handle: Arc<Handle>,
}

impl Target {
    /// How many partitions the topic has; waits for Kafka until `deadline`.
    pub fn partition_count(&self, handle: &Handle, deadline: Instant) -> Result<i32, ToolError> {
        self.until(deadline, |timeout| {
            handle.partition_count(&self.topic, timeout)
        })
    }

    /// Asks again and again while the reason may pass.
    pub fn until<T>(
        &self,
        deadline: Instant,
        ask: impl Fn(Duration) -> Result<T, Error>,
    ) -> Result<T, ToolError> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match ask(left.max(Duration::from_millis(1))) {
                Ok(answer) => return Ok(answer),
                Err(error) if may_pass(error.code) && Instant::now() < deadline => {
                    std::thread::sleep(ASK_AGAIN_AFTER);
                }
                Err(error) => return Err(self.error(error)),
            }
        }
    }

    /// An error of the client's, for people.
    pub fn error(&self, error: Error) -> ToolError {
        use penstock_core::codes::Code;
        let (bootstrap, topic) = (self.bootstrap.clone(), self.topic.to_string());
        match latch::condition(error.code) {
            Some(Code::KafkaUnreachable) => ToolError::Unreachable {
                bootstrap,
                why: error.text,
            },
            Some(Code::TopicMissing) => ToolError::TopicMissing { topic, bootstrap },
            Some(Code::KafkaRefused) => ToolError::Refused {
                bootstrap,
                why: self.handle.who().explain(&error, &topic),
                topic,
            },
            _ => ToolError::Client(error),
        }
    }
}

fn may_pass(code: Rd) -> bool {
    matches!(
        code,
        Rd::BrokerTransportFailure
            | Rd::AllBrokersDown
            | Rd::LeaderNotAvailable
            | Rd::NotLeaderForPartition
            | Rd::WaitingForCoordinator
            | Rd::CoordinatorNotAvailable
            | Rd::NotCoordinator
            | Rd::CoordinatorLoadInProgress
            | Rd::NetworkException
    )
}
