//! Logging in on a connection: which mechanism, and the messages of each.

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use bytes::Bytes;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;

use super::scram::{Failure, Scram};
use super::{Account, Barrier, BearerToken, Hash, Sasl, TokenSource};
use crate::connection::Connection;
use crate::error::Error;

const ILLEGAL_SASL_STATE: i16 = 34;

/// Logs in; the connection's next request is then the user's.
pub(crate) async fn log_in(connection: &mut Connection, sasl: &Sasl) -> Result<(), Error> {
    let (code, offered) = ask_for(connection, sasl.mechanism()).await?;
    match code {
        0 => {}
        ILLEGAL_SASL_STATE => return Err(connection.barred(Barrier::NoLogin)),
        _ => {
            return Err(connection.barred(Barrier::Mechanism {
                asked: sasl.mechanism().to_owned(),
                offered,
            }));
        }
    }
    match sasl {
        Sasl::Plain(Account { user, password }) => {
            let message = format!("\0{user}\0{password}");
            send(connection, message).await.map(drop)
        }
        Sasl::Scram(hash, account) => scram(connection, *hash, account).await,
        Sasl::OAuthBearer(source) => bearer(connection, source).await,
    }
}

/// The mechanisms that a listener offers; none if it has no login.
pub(crate) async fn mechanisms(connection: &mut Connection) -> Result<Vec<String>, Error> {
    let (_, offered) = ask_for(connection, "").await?;
    Ok(offered)
}

async fn ask_for(connection: &mut Connection, name: &str) -> Result<(i16, Vec<String>), Error> {
    let mechanism = StrBytes::from_string(name.to_owned());
    let request = |_| SaslHandshakeRequest::default().with_mechanism(mechanism);
    // From version 1, the messages of the login are requests of their own.
    let answer = connection.ask(1..=i16::MAX, request).await?;
    let offered = answer.mechanisms.iter().map(ToString::to_string);
    Ok((answer.error_code, offered.collect()))
}

/// The broker's answer.
async fn send(connection: &mut Connection, message: String) -> Result<Bytes, Error> {
    let request = |_| SaslAuthenticateRequest::default().with_auth_bytes(message.into());
    let answer = connection.ask(0..=i16::MAX, request).await?;
    match (answer.error_code, answer.error_message) {
        (0, _) => Ok(answer.auth_bytes),
        (_, Some(why)) => Err(connection.barred(Barrier::Credentials(why.to_string()))),
        (code, None) => {
            let why = format!("error {code}");
            Err(connection.barred(Barrier::Credentials(why)))
        }
    }
}

async fn scram(connection: &mut Connection, hash: Hash, account: &Account) -> Result<(), Error> {
    let mut random = [0; 24];
    openssl::rand::rand_bytes(&mut random).map_err(|error| connection.malformed(&error))?;
    let mut scram = Scram::new(hash, account, BASE64_STANDARD_NO_PAD.encode(random));
    let challenge = send(connection, scram.first()).await?;
    let proof = scram
        .prove(&challenge)
        .map_err(|failure| failed(connection, failure))?;
    let answer = send(connection, proof).await?;
    scram
        .verify(&answer)
        .map_err(|failure| failed(connection, failure))
}

fn failed(connection: &Connection, failure: Failure) -> Error {
    match failure {
        Failure::Refused(why) => connection.barred(Barrier::Credentials(why)),
        Failure::Unproved => connection.barred(Barrier::Unproved),
        Failure::Malformed(why) => connection.malformed(&why),
    }
}

async fn bearer(connection: &mut Connection, source: &Arc<dyn TokenSource>) -> Result<(), Error> {
    let source = Arc::clone(source);
    let token = tokio::task::spawn_blocking(move || source.token()).await;
    let token = token.unwrap_or_else(|error| Err(error.to_string()));
    let token = token.map_err(|why| connection.barred(Barrier::NoToken(why)))?;
    let refusal = send(connection, shown(&token)).await?;
    if refusal.is_empty() {
        return Ok(());
    }
    // The reason comes first, and the failure once it was acknowledged.
    let why = String::from_utf8_lossy(&refusal).into_owned();
    match send(connection, "\u{1}".to_owned()).await {
        Err(error @ (Error::Unreachable { .. } | Error::TimedOut { .. })) => Err(error),
        _ => Err(connection.barred(Barrier::Credentials(why))),
    }
}

fn shown(token: &BearerToken) -> String {
    let extensions = token.extensions.iter();
    let extensions: String = extensions
        .map(|(name, value)| format!("{name}={value}\u{1}"))
        .collect();
    format!("n,,\u{1}auth=Bearer {}\u{1}{extensions}\u{1}", token.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_shown_as_the_standard_says() {
        let token = BearerToken {
            value: "t".to_owned(),
            extensions: vec![("cluster".to_owned(), "c1".to_owned())],
        };
        assert_eq!(
            shown(&token),
            "n,,\u{1}auth=Bearer t\u{1}cluster=c1\u{1}\u{1}"
        );
    }
}
