//! What a token says of itself, if it is a JWT (RFC 7519). Nothing is verified: the broker does that.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

/// Whom a token is for, and until when.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Claims {
    /// `sub`
    pub subject: Option<String>,
    /// `exp`, in milliseconds since 1970.
    pub expires_ms: Option<i64>,
}

/// The claims that can be read; none of a token that is opaque.
pub(super) fn claims(token: &str) -> Claims {
    let part = token.split('.').nth(1).unwrap_or_default();
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(part.trim_end_matches('='));
    let claims: Option<Value> = decoded
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok());
    let Some(claims) = claims else {
        return Claims::default();
    };
    let expires = claims["exp"].as_f64();
    Claims {
        subject: claims["sub"].as_str().map(str::to_owned),
        expires_ms: expires.map(|seconds| (seconds * 1000.0) as i64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_jwt_says_nothing() {
        let body = BASE64_URL_SAFE_NO_PAD.encode(r#"{"sub":"app","exp":1767225600}"#);
        let read = claims(&format!("e30.{body}.signature"));
        assert_eq!(read.subject.as_deref(), Some("app"));
        assert_eq!(read.expires_ms, Some(1_767_225_600_000));
        for opaque in ["", "opaque", "a.b.c", "..", "e30.W10.x"] {
            assert_eq!(claims(opaque), Claims::default(), "{opaque}");
        }
    }
}
