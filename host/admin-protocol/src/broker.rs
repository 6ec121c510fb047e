//! A broker by its address: connected to when it is first asked, asked one thing at a time.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::connection::Connection;
use crate::error::Error;
use crate::request::Request;

/// A broker to ask. Its requests are methods by subject, in the other files of this folder.
pub struct Broker {
    address: String,
    answer_time_max: Duration,
    connection: Mutex<Option<Connection>>,
}

impl Broker {
    /// A broker at `host:port`, of which each request may take `answer_time_max`, the connection
    /// included. Nothing is asked yet.
    pub fn new(address: String, answer_time_max: Duration) -> Broker {
        Broker {
            address,
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
                none => none.insert(Connection::open(&self.address).await?),
            };
            connection.ask(oldest..=newest, request).await
        });
        let answer = asked.await.unwrap_or_else(|_| {
            Err(Error::TimedOut {
                address: self.address.clone(),
                after: self.answer_time_max,
            })
        })?;
        *slot = connection;
        Ok(answer)
    }
}
