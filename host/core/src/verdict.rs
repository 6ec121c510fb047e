//! What a handler answers, what the host makes of it, and the one verdict each delivery ends in.

use std::time::Duration;

use crate::codes::Code;

/// Why, in a handler's words: a stable code and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// `[a-z0-9-]{1,64}`; a metric label, so bounded in kinds.
    pub code: String,
    /// For people.
    pub text: String,
}

/// A handler's success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// What was staged is to be sent; nothing staged is emitted(0).
    Done,
    /// Deliberately nothing; what was staged is dropped.
    Skip(Reason),
}

/// A delivery that did not succeed: the handler's own words, or a limit that held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The handler asks to be called again.
    Retry {
        /// The least delay that the handler asks for.
        after: Option<Duration>,
        /// Why.
        why: Reason,
    },
    /// The handler refuses the record.
    Reject(Reason),
    /// An exception that the SDK caught.
    Crash {
        /// What was thrown.
        message: String,
        /// Where, as the guest's language shows it.
        trace: String,
    },
    /// The guest trapped.
    Trap {
        /// The runtime's message, one line.
        message: String,
        /// Functions, files and lines, where the guest carries names.
        trace: String,
    },
    /// The deadline passed.
    Deadline {
        /// The limit.
        limit: Duration,
    },
    /// The guest wanted more memory than its limit.
    Memory {
        /// The limit.
        limit_bytes: u64,
    },
    /// More outputs than allowed.
    TooManyOutputs {
        /// The limit.
        limit: u32,
    },
    /// More output bytes than allowed.
    OutputTooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// An output index that the plugin did not declare.
    UnknownOutput {
        /// What `emit` was called with.
        index: u32,
    },
    /// The broker refused an output for what it is (size, null key on a compacted topic, timestamp).
    OutputRefused {
        /// The topic written to.
        topic: String,
        /// The broker's reason.
        why: String,
    },
}

impl Failure {
    /// The stable code of this kind of failure.
    pub fn code(&self) -> Code {
        match self {
            Failure::Retry { .. } => Code::RetriesExhausted,
            Failure::Reject(_) => Code::Rejected,
            Failure::Crash { .. } => Code::Crashed,
            Failure::Trap { .. } => Code::Trapped,
            Failure::Deadline { .. } => Code::DeadlinePassed,
            Failure::Memory { .. } => Code::MemoryExceeded,
            Failure::TooManyOutputs { .. } => Code::TooManyOutputs,
            Failure::OutputTooLarge { .. } => Code::OutputTooLarge,
            Failure::UnknownOutput { .. } => Code::UnknownOutput,
            Failure::OutputRefused { .. } => Code::OutputRefused,
        }
    }

    /// Whether a limit of the handler's stopped the call, after it took what it could.
    pub fn is_limit(&self) -> bool {
        matches!(
            self,
            Failure::Deadline { .. }
                | Failure::Memory { .. }
                | Failure::TooManyOutputs { .. }
                | Failure::OutputTooLarge { .. }
        )
    }

    /// The handler's own reason code, where it gave one.
    pub fn reason_code(&self) -> Option<&str> {
        match self {
            Failure::Retry { why, .. } | Failure::Reject(why) => Some(&why.code),
            _ => None,
        }
    }

    /// The first line of [`text`](Failure::text), without what follows it, as a trace.
    pub fn headline(&self) -> String {
        let mut text = self.text();
        text.truncate(text.find('\n').unwrap_or(text.len()));
        text
    }

    /// One or more lines for people: what happened.
    pub fn text(&self) -> String {
        match self {
            Failure::Retry { why, .. } => format!("{}: {}", why.code, why.text),
            Failure::Reject(why) => format!("{}: {}", why.code, why.text),
            Failure::Crash { message, trace } | Failure::Trap { message, trace } => {
                if trace.is_empty() {
                    message.clone()
                } else {
                    format!("{message}\n{trace}")
                }
            }
            Failure::Deadline { limit } => format!("no answer within the deadline of {limit:?}"),
            Failure::Memory { limit_bytes } => {
                format!("the handler wanted more than its {limit_bytes} bytes of memory")
            }
            Failure::TooManyOutputs { limit } => {
                format!("more than {limit} outputs for one record")
            }
            Failure::OutputTooLarge { limit_bytes } => {
                format!("more than {limit_bytes} bytes of outputs for one record")
            }
            Failure::UnknownOutput { index } => {
                format!("emit to output {index}, which the plugin does not declare")
            }
            Failure::OutputRefused { topic, why } => {
                format!("the broker refused an output to {topic}: {why}")
            }
        }
    }
}

/// How a delivery ended. There is no fourth way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// So many outputs were acknowledged.
    Emitted {
        /// How many; 0 is a success too.
        outputs: u32,
    },
    /// The handler had nothing to do, and said why.
    Skipped(Reason),
    /// The original record lies in the dead-letter topic.
    DeadLettered {
        /// What failed, at last.
        failure: Failure,
        /// How many times the handler was called.
        attempts: u32,
    },
}
