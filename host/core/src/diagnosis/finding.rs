//! What the rules say: stages of the way to a commit, and findings at them.

use serde::{Serialize, Serializer};

use crate::codes::Code;

/// The stages of a record's way, in the order in which they are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The brokers can be reached and asked.
    Broker,
    /// The group is there, and somebody in it.
    Group,
    /// Every partition has an owner.
    Assignment,
    /// Every partition has a position within its log.
    Position,
    /// What lies there can be read.
    Fetch,
    /// What was read waits for its turn.
    Queue,
    /// The application handles it.
    Handler,
    /// What came of it is written.
    Outcome,
    /// It is committed.
    Commit,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Stage; 9] = [
        Stage::Broker,
        Stage::Group,
        Stage::Assignment,
        Stage::Position,
        Stage::Fetch,
        Stage::Queue,
        Stage::Handler,
        Stage::Outcome,
        Stage::Commit,
    ];

    /// As printed.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Broker => "broker",
            Stage::Group => "group",
            Stage::Assignment => "assignment",
            Stage::Position => "position",
            Stage::Fetch => "fetch",
            Stage::Queue => "queue",
            Stage::Handler => "handler",
            Stage::Outcome => "outcome",
            Stage::Commit => "commit",
        }
    }
}

/// How a stage came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageState {
    /// As it should be.
    Passed,
    /// Something is found there.
    Failed,
    /// Not visible from here.
    NotVisible,
}

/// A stage, looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StageReport {
    /// The stage.
    pub stage: Stage,
    /// How it came out.
    pub state: StageState,
    /// What was seen, in a few words.
    pub text: String,
}

/// How sure a finding is of its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// The evidence leaves no other cause.
    Certain,
    /// The likeliest of several causes that look alike from here.
    Candidate,
}

/// Something that keeps records from being processed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// The code with its page.
    #[serde(serialize_with = "code")]
    pub code: Code,
    /// Where on the way.
    pub stage: Stage,
    /// How sure.
    pub certainty: Certainty,
    /// What it is about: a topic, a member, the group.
    pub subject: String,
    /// The topic, if it is about partitions.
    pub topic: Option<String>,
    /// Those of its partitions that are concerned.
    pub partitions: Vec<i32>,
    /// In a sentence or two.
    pub cause: String,
    /// What was seen.
    pub evidence: Vec<Evidence>,
    /// Other causes that look alike, the likeliest first, and what tells them apart.
    pub others: Vec<String>,
    /// What to do, in order; alternatives say so.
    pub cure: Vec<Step>,
}

/// A thing that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Evidence {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: String,
}

/// A step of a cure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// In words.
    pub text: String,
    /// To be pasted into a shell.
    pub command: Option<String>,
}

fn code<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}

impl Finding {
    /// A finding without evidence yet.
    pub(super) fn new(code: Code, stage: Stage, subject: &str, cause: String) -> Finding {
        Finding {
            code,
            stage,
            certainty: Certainty::Certain,
            subject: subject.to_owned(),
            topic: None,
            partitions: Vec::new(),
            cause,
            evidence: Vec::new(),
            others: Vec::new(),
            cure: Vec::new(),
        }
    }

    pub(super) fn evidence(
        mut self,
        label: impl Into<String>,
        value: impl Into<String>,
    ) -> Finding {
        self.evidence.push(Evidence {
            label: label.into(),
            value: value.into(),
        });
        self
    }

    pub(super) fn all_evidence(self, of: impl IntoIterator<Item = (String, String)>) -> Finding {
        of.into_iter().fold(self, |finding, (label, value)| {
            finding.evidence(label, value)
        })
    }

    /// Makes it one of several candidates.
    pub(super) fn or(mut self, other: impl Into<String>) -> Finding {
        self.certainty = Certainty::Candidate;
        self.others.push(other.into());
        self
    }

    pub(super) fn step(mut self, text: impl Into<String>) -> Finding {
        self.cure.push(Step {
            text: text.into(),
            command: None,
        });
        self
    }

    pub(super) fn command(mut self, text: impl Into<String>, command: String) -> Finding {
        self.cure.push(Step {
            text: text.into(),
            command: Some(command),
        });
        self
    }
}

/// What a snapshot comes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Diagnosis {
    /// The group in question.
    pub group: String,
    /// When it was looked at first, RFC 3339.
    pub at: String,
    /// How long it was watched, in milliseconds.
    pub watched_ms: i64,
    /// The way to a commit.
    pub stages: Vec<StageReport>,
    /// What is wrong, by stage; empty: nothing that can be seen from here.
    pub findings: Vec<Finding>,
    /// What looks like a fault and is none, and what could not be seen.
    pub notes: Vec<String>,
}
