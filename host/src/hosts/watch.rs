//! Has a host watch a record, and asks what became of it.

use std::time::Duration;

use penstock_core::config::Secret;
use penstock_core::watch::{Opened, Seen, Wanted};
use serde::de::DeserializeOwned;
use ureq::http::Response;
use ureq::{Body, RequestBuilder};

use super::client::{Unanswered, agent, out_of_reach};

/// A host answers after a second at the latest.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// Has the host at `url`, `http://HOST:PORT`, watch records.
///
/// # Errors
/// [`Unanswered`]; a host that does not know how is a stranger.
pub fn watch(url: &str, token: Option<&Secret>, wanted: &Wanted) -> Result<Opened, Unanswered> {
    let body = serde_json::to_vec(wanted).unwrap_or_default();
    let request = agent(ANSWER_TIME_MAX)
        .post(format!("{url}/watches"))
        .header("Content-Type", "application/json");
    read(with(request, token).send(&body), token)
}

/// What a host saw of a watch, without the first `from` steps; the answer waits a while for more.
///
/// # Errors
/// [`Unanswered`]
pub fn seen(
    url: &str,
    token: Option<&Secret>,
    watch: u64,
    from: usize,
) -> Result<Seen, Unanswered> {
    let request = agent(ANSWER_TIME_MAX).get(format!("{url}/watches/{watch}?from={from}"));
    read(with(request, token).call(), token)
}

fn with<B>(request: RequestBuilder<B>, token: Option<&Secret>) -> RequestBuilder<B> {
    match token {
        Some(Secret(token)) => request.header("Authorization", format!("Bearer {token}")),
        None => request,
    }
}

fn read<T: DeserializeOwned>(
    answer: Result<Response<Body>, ureq::Error>,
    token: Option<&Secret>,
) -> Result<T, Unanswered> {
    let mut answer = answer.map_err(|error| out_of_reach(&error))?;
    match answer.status().as_u16() {
        200 => {}
        401 => {
            let sent = token.is_some();
            return Err(Unanswered::Unauthorised { sent });
        }
        other => return Err(Unanswered::Stranger(other)),
    }
    let body = answer.body_mut().read_to_string();
    let body = body.map_err(|error| out_of_reach(&error))?;
    serde_json::from_str(&body).map_err(|error| Unanswered::Unreadable(error.to_string()))
}
