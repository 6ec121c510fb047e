//! The client's side of the admin listener.

use std::io;
use std::time::Duration;

use penstock_core::config::Secret;
use penstock_core::status::Status;

/// What a host on this machine, or on the other side of the world, may take to answer.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
/// A thousand partitions are a third of a megabyte.
pub(super) const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Why a host did not say what it does.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// Nobody answers.
    #[error("{0}")]
    OutOfReach(String),
    /// It refuses the token, or wants one that was not sent.
    #[error("{}", if *.sent { "it refuses the token" } else { "it asks for a token" })]
    Unauthorised {
        /// Whether a token was sent.
        sent: bool,
    },
    /// Something else listens there.
    #[error("it is no Penstock host: it answered with HTTP status {0}")]
    Stranger(u16),
    /// It is of another version.
    #[error("its answer can't be understood: {0}")]
    Unreadable(String),
}

/// Asks the host at `url`, `http://HOST:PORT`, for its status.
///
/// # Errors
/// [`Unanswered`]
pub fn status(url: &str, token: Option<&Secret>) -> Result<Status, Unanswered> {
    let mut request = agent(ANSWER_TIME_MAX).get(format!("{url}/status"));
    if let Some(Secret(token)) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    let mut answer = request.call().map_err(|error| out_of_reach(&error))?;
    match answer.status().as_u16() {
        200 => {}
        401 => {
            return Err(Unanswered::Unauthorised {
                sent: token.is_some(),
            });
        }
        other => return Err(Unanswered::Stranger(other)),
    }
    let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
    let body = body
        .read_to_string()
        .map_err(|error| out_of_reach(&error))?;
    serde_json::from_str(&body).map_err(|error| Unanswered::Unreadable(error.to_string()))
}

pub(super) fn agent(time_max: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(time_max))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .build()
        .new_agent()
}

pub(super) fn out_of_reach(error: &ureq::Error) -> Unanswered {
    Unanswered::OutOfReach(match error {
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            "nothing listens there".to_owned()
        }
        ureq::Error::Timeout(_) => format!("no answer within {ANSWER_TIME_MAX:?}"),
        other => other.to_string(),
    })
}
