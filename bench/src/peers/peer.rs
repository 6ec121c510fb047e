//! Who is compared, and how each is started.

use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;

use super::programs;
use crate::subject::{Job, Running, job_config, start_host};

/// One that turns purchases into grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    Host,
    HostExactlyOnce,
    Streams,
    StreamsExactlyOnce,
    #[value(name = "kafkajs")]
    KafkaJs,
}

impl Peer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Peer::Host => "host, at least once",
            Peer::HostExactlyOnce => "host, exactly once",
            Peer::Streams => "Kafka Streams, `at_least_once`",
            Peer::StreamsExactlyOnce => "Kafka Streams, `exactly_once_v2`",
            Peer::KafkaJs => "KafkaJS, at least once",
        }
    }

    pub(crate) fn is_host(self) -> bool {
        matches!(self, Peer::Host | Peer::HostExactlyOnce)
    }

    /// Whether it compiles its code while it works.
    pub(crate) fn is_jvm(self) -> bool {
        matches!(self, Peer::Streams | Peer::StreamsExactlyOnce)
    }

    /// Whether it commits outputs and offsets in one transaction.
    pub(crate) fn is_exactly_once(self) -> bool {
        matches!(self, Peer::HostExactlyOnce | Peer::StreamsExactlyOnce)
    }

    /// Starts it from the start of the topic. Who commits in transactions does so at this interval;
    /// the others commit as the bare loop does.
    pub(crate) fn start(self, job: &Job<'_>, transactions: Duration) -> Result<Running> {
        match self {
            Peer::Host => start_host(&job_config(job)?),
            Peer::HostExactlyOnce => start_host(
                &job_config(job)?
                    .set(&["kafka", "delivery"], "exactly-once")
                    .set(
                        &["kafka", "commit-interval"],
                        format!("{}ms", transactions.as_millis()),
                    ),
            ),
            Peer::Streams => programs::streams(job, "at_least_once", programs::COMMIT_INTERVAL),
            Peer::StreamsExactlyOnce => programs::streams(job, "exactly_once_v2", transactions),
            Peer::KafkaJs => programs::kafkajs(job),
        }
    }
}
