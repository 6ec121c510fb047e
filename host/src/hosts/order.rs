//! Gives a host an order.

use std::io;
use std::time::Duration;

use penstock_core::config::Secret;
use penstock_core::operations::Answer;
use serde::Serialize;

use super::client::{ANSWER_BYTES_MAX, agent};

/// What a host may take to do something; it answers a little before that.
const DEED_TIME_MAX: Duration = Duration::from_secs(28);

/// Why there is no answer to an order; in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undone {
    /// It was refused, or never arrived: nothing was done.
    Refused(String),
    /// Whether it was done is not known.
    Unknown(String),
}

/// Gives the host at `url`, `http://HOST:PORT`, an order.
///
/// # Errors
/// [`Undone`]
pub fn order(
    url: &str,
    path: &str,
    order: &impl Serialize,
    token: Option<&Secret>,
) -> Result<Answer, Undone> {
    let body = serde_json::to_vec(order).map_err(|error| Undone::Refused(error.to_string()))?;
    let mut request = agent(DEED_TIME_MAX)
        .post(format!("{url}{path}"))
        .header("Content-Type", "application/json");
    if let Some(Secret(token)) = token {
        request = request.header("Authorization", format!("Bearer {token}"));
    }
    let mut answer = request.send(&body).map_err(|error| match error {
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Undone::Refused("nothing listens there".to_owned())
        }
        other => Undone::Unknown(other.to_string()),
    })?;
    let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
    let body = body
        .read_to_string()
        .map_err(|error| Undone::Unknown(error.to_string()))?;
    match (answer.status().as_u16(), token) {
        (401, None) => Err(Undone::Refused("it asks for a token".to_owned())),
        (401, Some(_)) => Err(Undone::Refused("it refuses the token".to_owned())),
        (404 | 405, _) => Err(Undone::Refused("it does not know this order".to_owned())),
        (400 | 403 | 415, _) => Err(Undone::Refused(body.trim().to_owned())),
        _ => serde_json::from_str(&body)
            .map_err(|error| Undone::Unknown(format!("its answer can't be understood: {error}"))),
    }
}
