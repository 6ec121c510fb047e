//! What came of a question: an answer, or why there is none.

use serde::{Deserialize, Serialize};

use super::access::Barrier;

/// What a question came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer<T> {
    /// An answer, which may be an empty one.
    Known(T),
    /// What was asked about isn't there, in the broker's words.
    Missing(String),
    /// A permission is missing or a login failed, in the broker's words.
    Unauthorised(String),
    /// A broker is there, and something keeps the two apart before anything can be asked.
    Barred(Barrier),
    /// Nobody answered, or with another error.
    Failed(String),
    /// It was not asked.
    #[default]
    Unasked,
}

impl<T> Answer<T> {
    /// The answer, if there is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Answer::Known(answer) => Some(answer),
            _ => None,
        }
    }

    /// Why there is none, if it was asked.
    pub fn why(&self) -> Option<&str> {
        match self {
            Answer::Known(_) | Answer::Unasked => None,
            Answer::Missing(why) | Answer::Unauthorised(why) | Answer::Failed(why) => Some(why),
            Answer::Barred(barrier) => Some(&barrier.text),
        }
    }
}
