//! What keeps a connection from being let in.

use std::fmt;

/// Why a broker and this side do not come together, though the broker is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Barrier {
    /// The broker's certificate is signed by nobody whom this side trusts.
    UnknownAuthority {
        /// Whom the certificate names as its issuer.
        issuer: String,
    },
    /// The broker's certificate, or one that it is signed with, is not valid at this time.
    OutOfDate {
        /// Whose certificate.
        subject: String,
        /// `until …` or `from …`
        valid: String,
    },
    /// The broker's certificate is for other names than the one that it was reached by.
    OtherName {
        /// The names in it.
        names: Vec<String>,
    },
    /// The broker's certificate can't be accepted for another reason.
    Certificate(String),
    /// This side begins with TLS, and the listener does not speak it.
    NotEncrypted,
    /// This side speaks plain text, and the listener wants TLS.
    Encrypted,
    /// The listener wants a certificate of the client, and none is configured.
    ClientCertificateMissing,
    /// The listener does not accept the client's certificate.
    ClientCertificateRefused(String),
    /// The two find no common ground, such as a version of TLS.
    Handshake(String),
    /// The listener wants a login, and none is configured.
    LoginWanted {
        /// The mechanisms that it offers.
        offered: Vec<String>,
    },
    /// A login is configured, and the listener has none.
    NoLogin,
    /// The listener does not offer the mechanism.
    Mechanism {
        /// What was asked for.
        asked: String,
        /// The mechanisms that it offers.
        offered: Vec<String>,
    },
    /// The broker does not accept the user, the password or the token.
    Credentials(String),
    /// The broker did not prove that it knows the password: it may be another than it says.
    Unproved,
    /// No token could be got, so none was shown.
    NoToken(String),
}

impl fmt::Display for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Barrier::UnknownAuthority { issuer } => write!(
                f,
                "its certificate is signed by an authority that is not trusted here ({issuer})"
            ),
            Barrier::OutOfDate { subject, valid } => {
                write!(
                    f,
                    "its certificate is not valid now: {subject}, valid {valid}"
                )
            }
            Barrier::OtherName { names } => write!(
                f,
                "its certificate is for another name: {}",
                listed(names, "it has none")
            ),
            Barrier::Certificate(why) => write!(f, "its certificate is not accepted: {why}"),
            Barrier::NotEncrypted => f.write_str("it does not speak TLS"),
            Barrier::Encrypted => f.write_str("it wants an encrypted connection (TLS)"),
            Barrier::ClientCertificateMissing => {
                f.write_str("it wants a certificate of the client, and there is none")
            }
            Barrier::ClientCertificateRefused(why) => {
                write!(f, "it does not accept the client's certificate: {why}")
            }
            Barrier::Handshake(why) => write!(f, "the TLS handshake failed: {why}"),
            Barrier::LoginWanted { offered } => {
                write!(f, "it wants a login, by {}", listed(offered, "nothing"))
            }
            Barrier::NoLogin => f.write_str("it has no login (SASL)"),
            Barrier::Mechanism { asked, offered } => write!(
                f,
                "it does not offer the login {asked}, only {}",
                listed(offered, "none")
            ),
            Barrier::Credentials(why) => write!(f, "the login failed: {why}"),
            Barrier::Unproved => f.write_str("it did not prove that it knows the password"),
            Barrier::NoToken(why) => write!(f, "there is no token to log in with: {why}"),
        }
    }
}

fn listed(names: &[String], none: &str) -> String {
    match names {
        [] => none.to_owned(),
        names => names.join(", "),
    }
}
