//! What the rules say.

use serde::{Serialize, Serializer};

use crate::codes::Code;
use crate::diagnosis::Step;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Something will not work.
    Problem,
    /// Something may be lost or refused, depending on the records.
    Warning,
    /// Good to know.
    Note,
}

/// Something that is wrong, or worth a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// The code with its page.
    #[serde(serialize_with = "code")]
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// What it is about: a topic, the group, the brokers.
    pub subject: String,
    /// In a sentence.
    pub what: String,
    /// Why that is so: what was seen.
    pub why: String,
    /// What it costs.
    pub cost: String,
    /// What to do, in order; alternatives say so.
    pub cure: Vec<Step>,
}

fn code<S: Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}

impl Finding {
    pub(super) fn problem(code: Code, subject: &str, what: impl Into<String>) -> Finding {
        Finding::new(code, Severity::Problem, subject, what.into())
    }

    pub(super) fn warning(code: Code, subject: &str, what: impl Into<String>) -> Finding {
        Finding::new(code, Severity::Warning, subject, what.into())
    }

    pub(super) fn note(code: Code, subject: &str, what: impl Into<String>) -> Finding {
        Finding::new(code, Severity::Note, subject, what.into())
    }

    fn new(code: Code, severity: Severity, subject: &str, what: String) -> Finding {
        Finding {
            code,
            severity,
            subject: subject.to_owned(),
            what,
            why: String::new(),
            cost: String::new(),
            cure: Vec::new(),
        }
    }

    pub(super) fn why(mut self, why: impl Into<String>) -> Finding {
        self.why = why.into();
        self
    }

    pub(super) fn cost(mut self, cost: impl Into<String>) -> Finding {
        self.cost = cost.into();
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
