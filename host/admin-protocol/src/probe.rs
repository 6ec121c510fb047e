//! Looks again, in another manner, where a broker has hung up without a word.

use crate::connection::Connection;
use crate::error::Error;
use crate::security::{Barrier, Failed, Security, Tls, mechanisms};
use crate::stream::Stream;

/// Why there was no answer in TLS: the listener may speak plain text.
pub(crate) async fn plain_text_spoken(address: &str) -> Error {
    let spoken = match tokio::net::TcpStream::connect(address).await {
        Ok(stream) => {
            let mut connection = Connection::over(Stream::Plain(stream), address);
            connection.negotiate().await.is_ok()
        }
        Err(_) => false,
    };
    error(address, spoken.then_some(Barrier::NotEncrypted))
}

/// Why there was no answer in plain text: the listener may want TLS.
pub(crate) async fn encryption_wanted(address: &str) -> Error {
    let stream = tokio::net::TcpStream::connect(address).await;
    let wanted = match (Tls::unverified(), stream) {
        (Ok(tls), Ok(stream)) => {
            !matches!(tls.over("localhost", stream).await, Err(Failed::NoAnswer))
        }
        _ => false,
    };
    error(address, wanted.then_some(Barrier::Encrypted))
}

/// Whether a listener that was asked without a login has hung up because it wants one.
pub(crate) async fn login_wanted(address: &str, security: &Security) -> Option<Error> {
    let stream = Stream::open(address, security.tls.as_ref()).await.ok()?;
    let mut connection = Connection::over(stream, address);
    connection.negotiate().await.ok()?;
    let offered = mechanisms(&mut connection).await.ok()?;
    let wanted = !offered.is_empty();
    wanted.then(|| connection.barred(Barrier::LoginWanted { offered }))
}

fn error(address: &str, barrier: Option<Barrier>) -> Error {
    let address = address.to_owned();
    match barrier {
        Some(barrier) => Error::Barred { address, barrier },
        None => Error::Closed { address },
    }
}
