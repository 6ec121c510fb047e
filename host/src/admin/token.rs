//! The bearer token, compared in a time that does not depend on how much of a guess is right.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use penstock_core::config::Secret;
use sha2::{Digest, Sha256};

/// The digest of `admin.token`: equal in length to that of any guess.
pub(super) struct Token([u8; 32]);

impl Token {
    pub(super) fn new(secret: &Secret) -> Token {
        Token(Sha256::digest(secret.0.as_bytes()).into())
    }

    /// Whether an `Authorization` header carries the token.
    pub(super) fn admits(&self, authorization: Option<&[u8]>) -> bool {
        let Some((scheme, guess)) = authorization.and_then(|value| value.split_at_checked(7))
        else {
            return false;
        };
        let guess: [u8; 32] = Sha256::digest(guess.trim_ascii()).into();
        let differing = self.0.iter().zip(guess).fold(0, |seen, (ours, theirs)| {
            std::hint::black_box(seen | (ours ^ theirs))
        });
        scheme.eq_ignore_ascii_case(b"Bearer ") && differing == 0
    }
}

/// The answer to whoever does not have it.
pub(super) fn challenge() -> Response {
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
    let text = "this host has `admin.token`: send `Authorization: Bearer TOKEN`\n";
    (StatusCode::UNAUTHORIZED, challenge, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_under_the_bearer_scheme_is_admitted() {
        let token = Token::new(&Secret("s3cret".to_owned()));
        assert!(token.admits(Some(b"Bearer s3cret")));
        assert!(token.admits(Some(b"bearer  s3cret ")));
        for wrong in [
            "Bearer s3cre",
            "Bearer s3cret2",
            "Bearer ",
            "Basic s3cret",
            "s3cret",
            "",
        ] {
            assert!(!token.admits(Some(wrong.as_bytes())), "{wrong}");
        }
        assert!(!token.admits(None));
    }
}
