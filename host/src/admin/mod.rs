//! The admin listener: health, metrics and status over HTTP, on a thread of its own so that a slow
//! reader never costs a record anything.
//!
//! `/status` asks for the bearer token where one is configured. Health and metrics stay open: a
//! load balancer and a scraper seldom have a place for a token, and neither page shows a record,
//! a setting or a secret. Whoever wants them closed keeps the listener on the loopback address.
//! What changes something (`operations.rs`) is refused without a token on any other address.

mod connections;
mod exposition;
mod labels;
mod metrics;
mod operations;
mod process;
mod routes;
mod token;
mod watches;

#[cfg(test)]
pub(crate) mod fake;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use penstock_core::config::Secret;
use penstock_core::operations::{Answer, PauseOrder, ResetOrder, ResumeOrder};
use penstock_core::status::Status;
use penstock_core::watch::{Opened, Step, Wanted};
use tokio::sync::oneshot;

pub use metrics::{HandlerCalls, Metrics};

/// What the listener shows; the running host implements it. Every method but
/// [`View::watched`] answers at once.
pub trait View: Send + Sync {
    /// The host at this moment.
    fn status(&self) -> Status;
    /// The host at this moment, with what only metrics show.
    fn metrics(&self) -> Metrics;
    /// Whether the host does its part: consuming, idle or standing by.
    ///
    /// # Errors
    /// Why not, for people: what it waits for.
    fn ready(&self) -> Result<(), String>;
    /// Watches records from now on. `None`: there is no such topic, too much is watched already,
    /// or the host is not that far.
    fn watch(&self, wanted: Wanted) -> Option<Opened>;
    /// What was seen of a watch, without the first `from` steps; waits at most `wait` for one.
    /// `None`: there is no such watch any more.
    fn watched(&self, watch: u64, from: usize, wait: Duration) -> Option<Vec<Step>>;
    /// Whether the process still works at all; `false` asks for a restart.
    fn live(&self) -> bool;
}

/// What the listener may be told to do; the running host implements it.
pub trait Control: Send + Sync {
    /// Puts partitions elsewhere. Waits for what comes of it, for seconds.
    fn reset(&self, order: &ResetOrder) -> Answer;
    /// Pauses for a while.
    fn pause(&self, order: &PauseOrder) -> Answer;
    /// Ends a pause before its time.
    fn resume(&self, order: &ResumeOrder) -> Answer;
}

/// Why there is no admin listener.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// Somebody else has the address.
    #[error(
        "another process already listens on {listen}, perhaps another Penstock host; give this \
         host another `admin.listen`, or find the process with `ss -ltnp` and stop it"
    )]
    Taken {
        /// `admin.listen`.
        listen: SocketAddr,
    },
    /// The address can't be listened on.
    #[error("can't listen on {listen}, which `admin.listen` asks for: {source}")]
    Bind {
        /// `admin.listen`.
        listen: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The thread or its runtime did not start.
    #[error("the admin listener could not be started: {0}")]
    Start(#[from] io::Error),
}

/// A running listener; it stops when dropped.
#[derive(Debug)]
pub struct AdminHandle {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Listens. Returns once connections are accepted.
///
/// # Errors
/// [`AdminError`], in words that say what to do.
pub fn serve(
    listen: SocketAddr,
    token: Option<Secret>,
    host: Arc<impl View + Control + 'static>,
) -> Result<AdminHandle, AdminError> {
    let listener = TcpListener::bind(listen).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => AdminError::Taken { listen },
        _ => AdminError::Bind { listen, source },
    })?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let listener = {
        let _inside = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    let guard = operations::Guard::new(token.as_ref(), address);
    let operations = operations::router(Arc::clone(&host) as _, guard);
    let router = routes::router(host, token.as_ref(), operations);
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("admin".to_owned())
        .spawn(move || runtime.block_on(connections::accept(listener, router, stopped)))?;
    Ok(AdminHandle {
        address,
        stop: Some(stop),
        thread: Some(thread),
    })
}

impl AdminHandle {
    /// Where it listens; with port 0 configured, the port that was given.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers what was asked already and ends, within a second.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for AdminHandle {
    fn drop(&mut self) {
        // The receiver ends with the sender.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the admin listener's thread panicked");
        }
    }
}

#[cfg(test)]
mod tests;
