//! Watching records on their way: what `penstock emit --wait` asks.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use penstock_core::watch::{Seen, Wanted};
use serde::Deserialize;

use super::View;
use super::token::Token;

/// How long an answer waits for something to say. A host that stops does not wait longer for it.
const WAIT: Duration = Duration::from_secs(1);

/// Behind the token, as `/status` is: reasons may quote records.
pub(super) fn router(view: Arc<dyn View>, token: Option<Arc<Token>>) -> Router {
    Router::new()
        .route("/watches", post(open))
        .route("/watches/{watch}", get(seen))
        .route_layer(middleware::from_fn_with_state(token, guarded))
        .with_state(view)
}

async fn guarded(
    State(token): State<Option<Arc<Token>>>,
    request: Request,
    next: Next,
) -> Response {
    let authorization = request.headers().get(header::AUTHORIZATION);
    if let Some(token) = &token
        && !token.admits(authorization.map(|value| value.as_bytes()))
    {
        return super::token::challenge();
    }
    next.run(request).await
}

async fn open(State(view): State<Arc<dyn View>>, Json(wanted): Json<Wanted>) -> Response {
    match view.watch(wanted) {
        Some(opened) => Json(opened).into_response(),
        None => {
            let text = "no such topic, or as many watches as allowed, or the host starts\n";
            (StatusCode::CONFLICT, text).into_response()
        }
    }
}

#[derive(Deserialize)]
struct From {
    #[serde(default)]
    from: usize,
}

async fn seen(
    State(view): State<Arc<dyn View>>,
    Path(watch): Path<u64>,
    Query(From { from }): Query<From>,
) -> Response {
    let steps = tokio::task::spawn_blocking(move || view.watched(watch, from, WAIT)).await;
    match steps {
        Ok(Some(steps)) => Json(Seen { steps }).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, "no such watch\n").into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
