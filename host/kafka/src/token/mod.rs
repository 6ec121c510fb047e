//! Tokens of an authorisation server, by client credentials (RFC 6749, 4.4): for librdkafka, and for
//! whoever else logs in by OAUTHBEARER with the same settings.

mod claims;
mod request;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use request::Request;

/// The settings that are read here, and which librdkafka, built without libcurl, does not take.
pub(crate) const SETTINGS: [&str; 11] = [
    "https.ca.location",
    "https.ca.pem",
    "sasl.oauthbearer.client.credentials.client.id",
    "sasl.oauthbearer.client.credentials.client.secret",
    "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.extensions",
    "sasl.oauthbearer.grant.type",
    "sasl.oauthbearer.method",
    "sasl.oauthbearer.scope",
    "sasl.oauthbearer.token.endpoint.url",
];

/// A token, and what goes with it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Never shown.
    pub value: String,
    /// Whom it is for: its subject, or else the client's id.
    pub principal: String,
    /// When it ends, in milliseconds since 1970.
    pub expires_ms: i64,
    /// Names and values that the broker gets beside it.
    pub extensions: Vec<(String, String)>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("principal", &self.principal)
            .field("expires_ms", &self.expires_ms)
            .finish_non_exhaustive()
    }
}

/// Why there is no token; without secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{endpoint}: {why}")]
pub struct TokenError {
    /// The server's address, as configured.
    pub endpoint: String,
    /// In words.
    pub why: String,
}

/// Where tokens come from. One that has most of its time before it is given out again.
pub struct Source {
    request: Request,
    last: Mutex<Option<Kept>>,
    /// Apart from the token, so that nobody waits for a fetch who only wants to name it.
    principal: Mutex<Option<String>>,
}

struct Kept {
    token: Token,
    /// In milliseconds since 1970.
    until_ms: i64,
}

impl Source {
    /// The source that librdkafka's settings describe; `None` if `sasl.oauthbearer.method` is not
    /// `oidc`. Getting a token may take `time_max`.
    ///
    /// # Errors
    /// What is missing or can't be read, in words.
    pub fn new(
        settings: &BTreeMap<String, String>,
        time_max: Duration,
    ) -> Result<Option<Source>, String> {
        let is = |name: &str, value: &str| {
            let given = settings.get(name);
            given.is_some_and(|given| given.eq_ignore_ascii_case(value))
        };
        if !is("sasl.oauthbearer.method", "oidc") {
            return Ok(None);
        }
        let request = Request::new(settings, time_max)?;
        Ok(Some(Source {
            request,
            last: Mutex::default(),
            principal: Mutex::default(),
        }))
    }

    /// Whom the last token was for; before the first, the client that asks for them.
    pub fn principal(&self) -> String {
        let known = self.principal.lock();
        let known = known.unwrap_or_else(PoisonError::into_inner).clone();
        known.unwrap_or_else(|| self.request.client().to_owned())
    }

    /// A token. Blocks while it is fetched; nobody else fetches meanwhile.
    ///
    /// # Errors
    /// The server is out of reach, or gives none.
    pub fn token(&self) -> Result<Token, TokenError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = now_ms();
        if let Some(kept) = last.as_ref().filter(|kept| now_ms < kept.until_ms) {
            return Ok(kept.token.clone());
        }
        let token = self.request.send(now_ms)?;
        *self
            .principal
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(token.principal.clone());
        let lifetime_ms = token.expires_ms - now_ms;
        *last = Some(Kept {
            token: token.clone(),
            until_ms: now_ms + lifetime_ms / 2,
        });
        Ok(token)
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn only_oidc_is_a_source() {
        let none = Source::new(&settings(&[]), Duration::from_secs(1));
        assert!(none.expect("nothing is wrong").is_none());
        let lacking = settings(&[("sasl.oauthbearer.method", "OIDC")]);
        let wrong = Source::new(&lacking, Duration::from_secs(1)).err();
        let wrong = wrong.expect("all is missing");
        assert!(
            wrong.contains("sasl.oauthbearer.token.endpoint.url"),
            "{wrong}"
        );
    }

    #[test]
    fn a_server_out_of_reach_is_named_and_the_secret_is_not() {
        let settings = settings(&[
            ("sasl.oauthbearer.method", "oidc"),
            ("sasl.oauthbearer.client.id", "app"),
            ("sasl.oauthbearer.client.secret", "hush"),
            (
                "sasl.oauthbearer.token.endpoint.url",
                "http://127.0.0.1:1/token",
            ),
        ]);
        let source = Source::new(&settings, Duration::from_secs(5));
        let source = source.expect("nothing is wrong").expect("a source");
        let error = source.token().expect_err("nobody listens").to_string();
        assert!(error.starts_with("http://127.0.0.1:1/token: "), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }
}
