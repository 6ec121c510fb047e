//! What the listener answers.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use penstock_core::config::Secret;

use super::token::Token;
use super::{View, exposition, process, watches};

const ROUTES: &str = "\
GET /healthz  whether the process works
GET /readyz   whether it does its part; if not, why
GET /metrics  Prometheus
GET /status   partitions, handlers and conditions as JSON
POST /operations/reset   what `penstock offsets reset` sends
POST /operations/pause   what `penstock pause` sends
POST /operations/resume  what `penstock resume` sends
POST /watches, GET /watches/N  what `penstock emit --wait` asks
";

#[derive(Clone)]
struct Shared {
    view: Arc<dyn View>,
    token: Option<Arc<Token>>,
}

/// All that is asked for, beside `operations`.
pub(super) fn router(view: Arc<dyn View>, token: Option<&Secret>, operations: Router) -> Router {
    let token = token.map(|secret| Arc::new(Token::new(secret)));
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/status", get(status))
        .with_state(Shared {
            view: Arc::clone(&view),
            token: token.clone(),
        })
        .merge(watches::router(view, token))
        .merge(operations)
        .fallback(elsewhere)
        .method_not_allowed_fallback(otherwise)
}

async fn healthz(State(shared): State<Shared>) -> Response {
    if shared.view.live() {
        "live\n".into_response()
    } else {
        text(StatusCode::SERVICE_UNAVAILABLE, "not live; restart it\n")
    }
}

async fn readyz(State(shared): State<Shared>) -> Response {
    match shared.view.ready() {
        Ok(()) => "ready\n".into_response(),
        Err(why) => text(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("not ready: {why}\n"),
        ),
    }
}

async fn metrics(State(shared): State<Shared>) -> Response {
    let snapshot = shared.view.metrics();
    match exposition::text(snapshot, process::usage()) {
        Ok(body) => ([(header::CONTENT_TYPE, exposition::CONTENT_TYPE)], body).into_response(),
        Err(error) => text(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the metrics could not be written: {error}\n"),
        ),
    }
}

async fn status(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let authorization = headers.get(header::AUTHORIZATION);
    if let Some(token) = &shared.token
        && !token.admits(authorization.map(|value| value.as_bytes()))
    {
        return super::token::challenge();
    }
    Json(shared.view.status()).into_response()
}

async fn elsewhere() -> Response {
    text(
        StatusCode::NOT_FOUND,
        format!("not here. There is:\n{ROUTES}"),
    )
}

async fn otherwise() -> Response {
    text(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("not in this way. There is:\n{ROUTES}"),
    )
}

fn text(status: StatusCode, body: impl Into<String>) -> Response {
    (status, body.into()).into_response()
}
