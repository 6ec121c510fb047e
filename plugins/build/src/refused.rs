//! What can't be begun, and what to do about it.

use std::fmt;

/// Nothing was begun: the person has something to change first. The other errors of this crate are
/// those of a project's sources.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong, in one sentence.
    pub what: String,
    /// What to do.
    pub help: String,
}

impl Refused {
    /// `what` is wrong; `help` says what to do.
    pub(crate) fn new(what: impl Into<String>, help: impl Into<String>) -> Refused {
        Refused {
            what: what.into(),
            help: help.into(),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.help)
    }
}

impl std::error::Error for Refused {}
