//! What a running host may be told to do through its admin listener, and what it answers: one
//! shape for the host and for the commands.

use serde::{Deserialize, Serialize};

use crate::pauses::Scope;

/// Which host is meant: another one may have its address by now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Addressee {
    /// The consumer group.
    pub group: String,
    /// `host.id`
    pub host: String,
    /// When the host started, as its status says: a restart makes the order void.
    pub started: String,
}

/// `POST /operations/reset`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ResetOrder {
    /// Which host is meant.
    pub to: Addressee,
    /// Only asks whether it can be done.
    pub dry_run: bool,
    /// The partitions, all of them or none.
    pub partitions: Vec<ResetPartition>,
}

/// A partition to be put elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ResetPartition {
    /// The topic.
    pub topic: String,
    /// The partition's number.
    pub partition: i32,
    /// The stay that is meant, as the host's status numbers it.
    pub epoch: u32,
    /// The offset to be read next.
    pub offset: i64,
}

/// `POST /operations/pause`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PauseOrder {
    /// Which host is meant.
    pub to: Addressee,
    /// What is to be paused, whether the host has it or not.
    pub what: Scope,
    /// For how long, in milliseconds.
    pub for_ms: i64,
    /// Why.
    pub why: String,
}

/// `POST /operations/resume`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ResumeOrder {
    /// Which host is meant.
    pub to: Addressee,
    /// What was paused.
    pub what: Scope,
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Answer {
    /// In one word.
    pub result: Deed,
    /// For people; empty where there is nothing to say.
    pub text: String,
}

/// What came of an order, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// It could be done; nothing was.
    Possible,
    /// It is done.
    Done,
    /// Nothing was changed.
    Refused,
    /// The offsets are committed, and the host does not read from there yet.
    Halfway,
    /// Whether it is done, or still will be, is not known.
    Unknown,
}

impl Deed {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Deed::Possible => "possible",
            Deed::Done => "done",
            Deed::Refused => "refused",
            Deed::Halfway => "halfway",
            Deed::Unknown => "unknown",
        }
    }
}
