//! The connections of the listener and their limits: how many, how long, how large a request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{sleep, timeout};

/// More wait in the system's queue.
const CONNECTIONS_MAX: usize = 64;
/// Request line and headers.
const REQUEST_BYTES_MAX: usize = 16 * 1024;
const REQUEST_HEADERS_MAX: usize = 64;
/// From accept to the last header.
const HEADERS_TIME: Duration = Duration::from_secs(5);
/// From accept to the last byte of the answer. A connection carries one request.
const CONNECTION_TIME: Duration = Duration::from_secs(30);
/// What is being answered when the listener stops.
const STOP_TIME: Duration = Duration::from_secs(1);
/// Out of file descriptors: accepting again at once would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct From(pub(super) SocketAddr);

/// Serves until `stopped` resolves.
pub(super) async fn accept(
    listener: TcpListener,
    router: Router,
    mut stopped: oneshot::Receiver<()>,
) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let next = async {
            let slot = slots.clone().acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            _ = &mut stopped => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, from)) => {
                let router = router.clone().layer(Extension(From(from)));
                tokio::spawn(async move {
                    serve(stream, router).await;
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the admin listener could not accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let all = slots.acquire_many(CONNECTIONS_MAX as u32);
    if timeout(STOP_TIME, all).await.is_err() {
        tracing::debug!("the admin listener stopped with connections open");
    }
}

async fn serve(stream: TcpStream, router: Router) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIME)
        .max_buf_size(REQUEST_BYTES_MAX)
        .max_headers(REQUEST_HEADERS_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    match timeout(CONNECTION_TIME, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "an admin connection failed"),
        Err(_) => tracing::debug!("an admin connection took too long"),
    }
}
