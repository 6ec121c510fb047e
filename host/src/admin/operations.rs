//! What the listener may be told to do: only with the token, or, where none is configured, only
//! through a listener on the loopback address. Whatever is tried leaves a line in the log.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Json, Router};
use penstock_core::config::Secret;
use penstock_core::operations::{Answer, Deed};

use super::Control;
use super::connections::From;
use super::token::Token;

/// Who may change something.
#[derive(Clone)]
pub(super) struct Guard {
    token: Option<Arc<Token>>,
    is_loopback: bool,
}

impl Guard {
    /// For a listener at `address`.
    pub(super) fn new(token: Option<&Secret>, address: SocketAddr) -> Guard {
        Guard {
            token: token.map(|secret| Arc::new(Token::new(secret))),
            is_loopback: address.ip().is_loopback(),
        }
    }

    /// Why not, if not.
    fn judge(&self, headers: &HeaderMap) -> Result<(), (StatusCode, &'static str)> {
        let authorization = headers.get(header::AUTHORIZATION);
        match &self.token {
            Some(token) if token.admits(authorization.map(|value| value.as_bytes())) => {}
            Some(_) => {
                let text = "this host has `admin.token`: send `Authorization: Bearer TOKEN`\n";
                return Err((StatusCode::UNAUTHORIZED, text));
            }
            None if self.is_loopback && names_an_address(headers) => {}
            None if self.is_loopback => {
                let text = "without `admin.token`, orders are taken only by the listener's address, \
                            or as localhost: a web page may have any other name for this machine\n";
                return Err((StatusCode::FORBIDDEN, text));
            }
            None => {
                let text = "without `admin.token`, a host changes nothing unless `admin.listen` \
                            is a loopback address\n";
                return Err((StatusCode::FORBIDDEN, text));
            }
        }
        // A web page can't send this to another site.
        let kind = headers.get(header::CONTENT_TYPE);
        if kind.is_none_or(|kind| kind.as_bytes() != b"application/json") {
            let text = "send `Content-Type: application/json`\n";
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
        }
        Ok(())
    }
}

/// Whether the request's `Host` is an address, or this machine's own name for itself. A web page
/// whose name is led to this machine's address sends its own name.
fn names_an_address(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|it| it.to_str().ok());
    let Some(host) = host else { return false };
    if host.parse::<SocketAddr>().is_ok() {
        return true;
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok()
        || bare.parse::<IpAddr>().is_ok()
}

type Shared = Arc<dyn Control>;

pub(super) fn router(control: Shared, guard: Guard) -> Router {
    Router::new()
        .route("/operations/reset", post(reset))
        .route("/operations/pause", post(pause))
        .route("/operations/resume", post(resume))
        .route_layer(middleware::from_fn_with_state(guard, guarded))
        .with_state(control)
}

async fn guarded(
    State(guard): State<Guard>,
    Extension(From(by)): Extension<From>,
    request: Request,
    next: Next,
) -> Response {
    match guard.judge(request.headers()) {
        Ok(()) => next.run(request).await,
        Err((status, text)) => {
            let what = request.uri().path();
            tracing::warn!(audit = what, %by, status = status.as_u16(), "an operation was refused");
            let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
            (status, challenge, text).into_response()
        }
    }
}

async fn reset(State(control): State<Shared>, from: Extension<From>, body: Bytes) -> Response {
    carry_out("reset", from, &body, move |order| control.reset(order)).await
}

async fn pause(State(control): State<Shared>, from: Extension<From>, body: Bytes) -> Response {
    carry_out("pause", from, &body, move |order| control.pause(order)).await
}

async fn resume(State(control): State<Shared>, from: Extension<From>, body: Bytes) -> Response {
    carry_out("resume", from, &body, move |order| control.resume(order)).await
}

/// Reads the order, has it carried out on a thread that may wait, and writes down who wanted what
/// and what came of it.
async fn carry_out<T>(
    what: &'static str,
    Extension(From(by)): Extension<From>,
    body: &[u8],
    deed: impl FnOnce(&T) -> Answer + Send + 'static,
) -> Response
where
    T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
{
    let order: T = match serde_json::from_slice(body) {
        Ok(order) => order,
        Err(error) => {
            tracing::warn!(audit = what, %by, "an order that can't be read: {error}");
            let text = format!("this is no order that this host understands: {error}\n");
            return (StatusCode::BAD_REQUEST, text).into_response();
        }
    };
    // On that thread too, since whoever asked may hang up, and the order is carried out all the same.
    let done = tokio::task::spawn_blocking(move || {
        let written = serde_json::to_string(&order).unwrap_or_default();
        let answer = deed(&order);
        let (result, text) = (answer.result.as_str(), &answer.text);
        tracing::info!(audit = what, %by, order = written, result, text, "an order was given: {what}");
        answer
    });
    let answer = done.await.unwrap_or_else(|error| Answer {
        result: Deed::Unknown,
        text: error.to_string(),
    });
    let status = match answer.result {
        Deed::Possible | Deed::Done => StatusCode::OK,
        Deed::Refused => StatusCode::CONFLICT,
        Deed::Halfway => StatusCode::INTERNAL_SERVER_ERROR,
        Deed::Unknown => StatusCode::GATEWAY_TIMEOUT,
    };
    (status, Json(answer)).into_response()
}
