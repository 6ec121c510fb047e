//! How connections are encrypted, and who logs in.

mod barrier;
mod identity;
mod judge;
mod login;
mod scram;
mod tls;

use std::fmt;
use std::sync::Arc;

pub use barrier::Barrier;
pub use identity::{Authorities, Identity, Pem};
pub(crate) use judge::alert;
pub(crate) use login::{log_in, mechanisms};
pub use scram::Hash;
pub(crate) use tls::Failed;
pub use tls::{Tls, TlsSettings};

/// How every connection to a cluster is made; by default without encryption and login.
#[derive(Debug, Clone, Default)]
pub struct Security {
    /// Encryption; `None`: plain text.
    pub tls: Option<Tls>,
    /// The login; `None`: nobody logs in.
    pub sasl: Option<Sasl>,
}

/// A login by one of SASL's mechanisms.
#[derive(Clone)]
pub enum Sasl {
    /// A user and a password, which the broker gets to see.
    Plain(Account),
    /// A user and a password that is proved and not shown (RFC 5802), and the broker proves that it
    /// knows it too.
    Scram(Hash, Account),
    /// A token of an authorisation server (RFC 7628), fetched anew for each connection.
    OAuthBearer(Arc<dyn TokenSource>),
}

/// A user and a password.
#[derive(Clone)]
pub struct Account {
    /// The user's name.
    pub user: String,
    /// Never shown.
    pub password: String,
}

/// Where tokens come from.
pub trait TokenSource: Send + Sync {
    /// A token that is valid for a while. May block, for no longer than a few seconds.
    ///
    /// # Errors
    /// Why there is none, in words and without secrets.
    fn token(&self) -> Result<BearerToken, String>;
}

/// A token, and what goes with it.
#[derive(Clone)]
pub struct BearerToken {
    /// Never shown.
    pub value: String,
    /// Names and values that the broker gets beside it.
    pub extensions: Vec<(String, String)>,
}

impl Sasl {
    /// The mechanism, as Kafka names it.
    pub fn mechanism(&self) -> &'static str {
        match self {
            Sasl::Plain(_) => "PLAIN",
            Sasl::Scram(Hash::Sha256, _) => "SCRAM-SHA-256",
            Sasl::Scram(Hash::Sha512, _) => "SCRAM-SHA-512",
            Sasl::OAuthBearer(_) => "OAUTHBEARER",
        }
    }
}

impl fmt::Debug for Sasl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.mechanism())
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let account = Account {
            user: "app".to_owned(),
            password: "hush".to_owned(),
        };
        let security = Security {
            tls: None,
            sasl: Some(Sasl::Plain(account.clone())),
        };
        let token = BearerToken {
            value: "hush".to_owned(),
            extensions: Vec::new(),
        };
        let text = format!("{security:?} {account:?} {token:?}");
        assert!(text.contains("PLAIN") && text.contains("app"), "{text}");
        assert!(!text.contains("hush"), "{text}");
    }
}
