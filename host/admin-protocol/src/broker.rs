//! A broker by its address: connected to when it is first asked, asked one thing at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::connection::Connection;
use crate::error::Error;
use crate::probe;
use crate::request::Request;
use crate::security::Security;

/// A broker to ask. Its requests are methods by subject, in the other files of this folder.
pub struct Broker {
    address: String,
    security: Arc<Security>,
    answer_time_max: Duration,
    connection: Mutex<Option<Connection>>,
}

impl Broker {
    /// A broker at `host:port`, of which each request may take `answer_time_max`, the connection
    /// included. Nothing is asked yet.
    pub fn new(address: String, security: Arc<Security>, answer_time_max: Duration) -> Broker {
        Broker {
            address,
            security,
            answer_time_max,
            connection: Mutex::new(None),
        }
    }

    /// `host:port`
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Sends what `request` makes for a version, `oldest` or newer; gives the answer.
    pub(crate) async fn ask<R: Request>(
        &self,
        oldest: i16,
        request: impl FnOnce(i16) -> R,
    ) -> Result<R::Answer, Error> {
        self.ask_between(oldest, i16::MAX, request).await
    }

    /// The same, in a version that is not newer than `newest`.
    pub(crate) async fn ask_between<R: Request>(
        &self,
        oldest: i16,
        newest: i16,
        request: impl FnOnce(i16) -> R,
    ) -> Result<R::Answer, Error> {
        let mut slot = self.connection.lock().await;
        // Out of the slot while it is in use: after a failure, what comes next is unknown.
        let mut connection = slot.take();
        let asked = timeout(self.answer_time_max, async {
            let connection = match &mut connection {
                Some(connection) => connection,
                none => none.insert(Connection::open(&self.address, &self.security).await?),
            };
            connection.ask(oldest..=newest, request).await
        });
        let answer = asked.await.unwrap_or_else(|_| Err(self.timed_out()));
        match answer {
            Ok(answer) => {
                *slot = connection;
                Ok(answer)
            }
            // A listener with a login hangs up on who asks without.
            Err(error @ Error::Closed { .. }) if self.security.sasl.is_none() => {
                let probe = probe::login_wanted(&self.address, &self.security);
                let barrier = timeout(self.answer_time_max, probe).await.ok().flatten();
                Err(barrier.unwrap_or(error))
            }
            Err(error) => Err(error),
        }
    }

    fn timed_out(&self) -> Error {
        Error::TimedOut {
            address: self.address.clone(),
            after: self.answer_time_max,
        }
    }
}
