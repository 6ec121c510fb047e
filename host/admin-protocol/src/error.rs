//! Why there is no answer, or which one a broker gave instead.

use std::fmt;
use std::time::Duration;

use kafka_protocol::ResponseError;

use crate::security::Barrier;

/// What came instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No connection.
    #[error("{address} can't be reached: {why}")]
    Unreachable {
        /// `host:port`
        address: String,
        /// In words.
        why: String,
    },
    /// Connected, and then nothing.
    #[error("{address} did not answer within {after:?}")]
    TimedOut {
        /// `host:port`
        address: String,
        /// The time that was allowed.
        after: Duration,
    },
    /// The connection ended before the answer.
    #[error("{address} closed the connection without an answer")]
    Closed {
        /// `host:port`
        address: String,
    },
    /// What listens there speaks another protocol.
    #[error("{address} does not speak Kafka's protocol")]
    NotKafka {
        /// `host:port`
        address: String,
    },
    /// The broker is there, and does not let this side in, or is not let in by it.
    #[error("{address}: {barrier}")]
    Barred {
        /// `host:port`
        address: String,
        /// What stands between the two.
        barrier: Barrier,
    },
    /// The broker is too old for the request.
    #[error("{address} does not know the request {request} in a version that is spoken here")]
    Unsupported {
        /// `host:port`
        address: String,
        /// As Kafka names it.
        request: String,
    },
    /// A request that can't be written, or an answer that can't be read.
    #[error("{address}: {why}")]
    Malformed {
        /// `host:port`
        address: String,
        /// In words.
        why: String,
    },
    /// The broker answered with an error.
    #[error("{0}")]
    Refused(#[from] Refusal),
}

impl Error {
    /// The broker's `host:port`, unless the broker has answered.
    pub fn address(&self) -> Option<&str> {
        match self {
            Error::Unreachable { address, .. }
            | Error::TimedOut { address, .. }
            | Error::Closed { address }
            | Error::NotKafka { address }
            | Error::Barred { address, .. }
            | Error::Unsupported { address, .. }
            | Error::Malformed { address, .. } => Some(address),
            Error::Refused(_) => None,
        }
    }
}

/// An error code of Kafka's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// As in the protocol; never 0.
    pub code: i16,
    /// What the broker adds in words.
    pub message: Option<String>,
}

impl Refusal {
    /// `Err` if `code` is an error.
    ///
    /// # Errors
    /// The refusal, with the broker's words.
    pub(crate) fn check(code: i16, message: Option<&str>) -> Result<(), Refusal> {
        match code {
            0 => Ok(()),
            _ => Err(Refusal {
                code,
                message: message.filter(|text| !text.is_empty()).map(str::to_owned),
            }),
        }
    }

    /// Kafka's name for it, as `GROUP_ID_NOT_FOUND`.
    pub fn name(&self) -> String {
        match ResponseError::try_from_code(self.code) {
            Some(ResponseError::Unknown(code)) => format!("error {code}"),
            Some(known) => constant(&known.to_string()),
            None => "NONE".to_owned(),
        }
    }

    /// Whether a permission is missing, or a login failed.
    pub fn is_unauthorised(&self) -> bool {
        use ResponseError as E;
        matches!(
            self.kind(),
            Some(
                E::TopicAuthorizationFailed
                    | E::GroupAuthorizationFailed
                    | E::ClusterAuthorizationFailed
                    | E::TransactionalIdAuthorizationFailed
                    | E::SaslAuthenticationFailed
            )
        )
    }

    /// Whether a transactional id may not be used.
    pub fn is_of_transactional_id(&self) -> bool {
        self.kind() == Some(ResponseError::TransactionalIdAuthorizationFailed)
    }

    /// Whether what was asked for is not there: a group, a topic, a transaction.
    pub fn is_missing(&self) -> bool {
        use ResponseError as E;
        matches!(
            self.kind(),
            Some(
                E::GroupIdNotFound
                    | E::UnknownTopicOrPartition
                    | E::UnknownTopicId
                    | E::TransactionalIdNotFound
            )
        )
    }

    /// Whether a transaction that is not over yet hides the committed offset.
    pub fn is_unstable_commit(&self) -> bool {
        self.kind() == Some(ResponseError::UnstableOffsetCommit)
    }

    /// Whether it passes by itself in a moment: a coordinator is being elected, or loads.
    pub fn is_passing(&self) -> bool {
        use ResponseError as E;
        matches!(
            self.kind(),
            Some(E::CoordinatorNotAvailable | E::CoordinatorLoadInProgress | E::NotCoordinator)
        )
    }

    /// Whether the group has members, so that only they may change it.
    pub fn is_not_empty(&self) -> bool {
        use ResponseError as E;
        matches!(
            self.kind(),
            Some(
                E::NonEmptyGroup
                    | E::UnknownMemberId
                    | E::IllegalGeneration
                    | E::RebalanceInProgress
                    | E::StaleMemberEpoch
                    | E::FencedMemberEpoch
            )
        )
    }

    /// Whether the broker has no authoriser.
    pub fn is_security_disabled(&self) -> bool {
        self.kind() == Some(ResponseError::SecurityDisabled)
    }

    fn kind(&self) -> Option<ResponseError> {
        ResponseError::try_from_code(self.code)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        match &self.message {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

/// `GroupIdNotFound` as `GROUP_ID_NOT_FOUND`.
fn constant(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    for (at, letter) in name.chars().enumerate() {
        if at > 0 && letter.is_uppercase() {
            text.push('_');
        }
        text.push(letter.to_ascii_uppercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_kafkas_name_and_the_brokers_words() {
        let refused = Refusal::check(69, Some("Group g not found.")).expect_err("an error");
        assert_eq!(
            refused.to_string(),
            "GROUP_ID_NOT_FOUND: Group g not found."
        );
        assert!(refused.is_missing() && !refused.is_unauthorised());
        assert_eq!(Refusal::check(0, None), Ok(()));
        let silent = Refusal::check(29, Some("")).expect_err("an error");
        assert_eq!(silent.to_string(), "TOPIC_AUTHORIZATION_FAILED");
        assert!(silent.is_unauthorised());
        let unknown = Refusal::check(9999, None).expect_err("an error");
        assert_eq!(unknown.to_string(), "error 9999");
    }
}
