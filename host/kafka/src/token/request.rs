//! The one request: client credentials for a token.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use super::claims::claims;
use super::{Token, TokenError};

/// A token is a few kilobytes.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;
/// Of a server's reasons, in an error.
const REASON_CHARS_MAX: usize = 200;
/// If the server does not say how long a token lasts.
const LIFETIME_MS: i64 = 300_000;

/// What is asked, and of whom.
pub(super) struct Request {
    agent: Agent,
    endpoint: String,
    client: String,
    /// Of the header `Authorization`; never shown.
    credentials: String,
    scope: Option<String>,
    extensions: Vec<(String, String)>,
}

impl Request {
    /// The request that the settings describe.
    pub fn new(settings: &BTreeMap<String, String>, time_max: Duration) -> Result<Self, String> {
        let get = |names: &[&str]| {
            let found = names.iter().find_map(|name| settings.get(*name));
            found.filter(|value| !value.is_empty()).cloned()
        };
        let needed = |names: &[&str]| {
            let name = names.first().copied().unwrap_or_default();
            get(names).ok_or_else(|| format!("`{name}` is missing"))
        };
        let endpoint = needed(&["sasl.oauthbearer.token.endpoint.url"])?;
        let client = needed(&[
            "sasl.oauthbearer.client.id",
            "sasl.oauthbearer.client.credentials.client.id",
        ])?;
        let secret = needed(&[
            "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.client.credentials.client.secret",
        ])?;
        let extensions = get(&["sasl.oauthbearer.extensions"]).unwrap_or_default();
        let config = Agent::config_builder()
            .timeout_global(Some(time_max))
            .http_status_as_error(false)
            .max_redirects(0)
            .tls_config(tls(
                get(&["https.ca.pem"]),
                get(&["https.ca.location"]).filter(|path| path != "probe"),
            )?);
        Ok(Request {
            agent: config.build().into(),
            endpoint,
            credentials: format!(
                "Basic {}",
                BASE64_STANDARD.encode(format!("{client}:{secret}"))
            ),
            client,
            scope: get(&["sasl.oauthbearer.scope"]),
            extensions: pairs(&extensions)?,
        })
    }

    /// The client's id.
    pub fn client(&self) -> &str {
        &self.client
    }

    /// Asks for a token.
    pub fn send(&self, now_ms: i64) -> Result<Token, TokenError> {
        let failed = |why: String| TokenError {
            endpoint: self.endpoint.clone(),
            why,
        };
        let form = [("grant_type", "client_credentials")].into_iter();
        let form = form.chain(self.scope.as_deref().map(|scope| ("scope", scope)));
        let mut answer = self
            .agent
            .post(&self.endpoint)
            .header("Authorization", &self.credentials)
            .header("Accept", "application/json")
            .send_form(form)
            .map_err(|error| failed(error.to_string()))?;
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let body = body
            .read_to_string()
            .map_err(|error| failed(error.to_string()))?;
        let body: Value = serde_json::from_str(&body).unwrap_or_default();
        if !status.is_success() {
            return Err(failed(refusal(status.as_u16(), &body)));
        }
        let value = body["access_token"].as_str();
        let value = value.ok_or_else(|| failed("its answer holds no access token".to_owned()))?;
        let claims = claims(value);
        let lasts_ms = body["expires_in"].as_f64().map(|s| (s * 1000.0) as i64);
        let expires_ms = claims
            .expires_ms
            .unwrap_or(now_ms + lasts_ms.unwrap_or(LIFETIME_MS));
        Ok(Token {
            value: value.to_owned(),
            principal: claims.subject.unwrap_or_else(|| self.client.clone()),
            expires_ms,
            extensions: self.extensions.clone(),
        })
    }
}

/// `401 invalid_client: who are you?`
fn refusal(status: u16, body: &Value) -> String {
    let reasons = [&body["error"], &body["error_description"]];
    let reasons: Vec<&str> = reasons.iter().filter_map(|of| of.as_str()).collect();
    let text = format!("it answers {status} {}", reasons.join(": "));
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    text.trim_end().chars().take(REASON_CHARS_MAX).collect()
}

/// `name=value,…`
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let each = text.split(',').map(str::trim).filter(|of| !of.is_empty());
    each.map(|of| {
        let pair = of.split_once('=');
        let pair = pair.ok_or("`sasl.oauthbearer.extensions` must be `name=value,…`")?;
        Ok((pair.0.trim().to_owned(), pair.1.trim().to_owned()))
    })
    .collect()
}

/// By the same library as the brokers' connections.
fn tls(pem: Option<String>, path: Option<String>) -> Result<TlsConfig, String> {
    let text = match (pem, path) {
        (Some(pem), _) => Some(pem),
        (None, Some(path)) => Some(
            std::fs::read_to_string(&path)
                .map_err(|error| format!("https.ca.location: {path} can't be read: {error}"))?,
        ),
        (None, None) => None,
    };
    let roots = match text {
        Some(text) => RootCerts::from(certificates(&text)?),
        None => RootCerts::PlatformVerifier,
    };
    Ok(TlsConfig::builder()
        .provider(TlsProvider::NativeTls)
        .root_certs(roots)
        .build())
}

fn certificates(text: &str) -> Result<Vec<Certificate<'static>>, String> {
    let mut found = Vec::new();
    for item in parse_pem(text.as_bytes()) {
        if let Ok(PemItem::Certificate(certificate)) = item {
            found.push(certificate);
        }
    }
    if found.is_empty() {
        return Err("https.ca.location (or .pem) holds no certificate in PEM".to_owned());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_servers_words_and_bounded() {
        let body = serde_json::json!({"error": "invalid_client", "error_description": "who?\n"});
        assert_eq!(refusal(401, &body), "it answers 401 invalid_client: who?");
        assert_eq!(refusal(503, &Value::Null), "it answers 503");
        let long = serde_json::json!({ "error": "x".repeat(1000) });
        assert_eq!(refusal(400, &long).len(), REASON_CHARS_MAX);
    }

    #[test]
    fn extensions_are_pairs() {
        let read = pairs("logicalCluster=c1, identityPoolId = p");
        let named = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            read,
            Ok(vec![
                named("logicalCluster", "c1"),
                named("identityPoolId", "p")
            ])
        );
        assert!(pairs("alone").is_err());
    }
}
