//! What OpenSSL says of a certificate or of a handshake, told apart.

use std::net::IpAddr;

use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::ssl;
use openssl::x509::{X509NameEntryRef, X509NameRef, X509Ref, X509VerifyResult};

use super::Barrier;

/// OpenSSL's reasons where something else than TLS was answered: too long a packet, a message, a
/// protocol or a version that is none, an unexpected end, no type of a record.
const NOT_TLS: [i32; 6] = [198, 244, 252, 267, 294, 443];

/// An alert of TLS, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alert(i32);

impl Alert {
    /// Whether it may be about the client's certificate, or about there being none.
    pub fn is_about_certificates(self) -> bool {
        matches!(self.0, 40..=46 | 48 | 49 | 116)
    }

    /// As the standard names it.
    pub fn name(self) -> &'static str {
        match self.0 {
            40 => "handshake failure",
            42 => "bad certificate",
            43 => "unsupported certificate",
            44 => "certificate revoked",
            45 => "certificate expired",
            46 => "certificate unknown",
            48 => "unknown authority",
            49 => "access denied",
            70 => "protocol version",
            71 => "insufficient security",
            112 => "unrecognized name",
            116 => "certificate required",
            _ => "an alert of TLS",
        }
    }
}

/// The alert of the other side that an error tells of.
pub(crate) fn alert(error: &ssl::Error) -> Option<Alert> {
    // OpenSSL numbers what it is told from 1000.
    let numbers = reasons(error).filter(|reason| (1000..1256).contains(reason));
    numbers.map(|reason| Alert(reason - 1000)).next()
}

/// Whether something else than TLS was answered.
pub(super) fn is_not_tls(error: &ssl::Error) -> bool {
    reasons(error).any(|reason| NOT_TLS.contains(&reason))
}

fn reasons(error: &ssl::Error) -> impl Iterator<Item = i32> {
    let errors = error.ssl_error().into_iter().flat_map(ErrorStack::errors);
    errors.map(openssl::error::Error::reason_code)
}

/// What is wrong with a certificate.
pub(super) fn judged(flaw: X509VerifyResult, certificate: Option<&X509Ref>) -> Barrier {
    let subject = || certificate.map_or_else(String::new, |of| name(of.subject_name()));
    match flaw.as_raw() {
        // No issuer, self-signed, a self-signed one in the chain, no signature that can be checked.
        2 | 18..=21 => Barrier::UnknownAuthority {
            issuer: certificate.map_or_else(String::new, |of| name(of.issuer_name())),
        },
        9 => Barrier::OutOfDate {
            subject: subject(),
            valid: certificate.map_or_else(String::new, |of| format!("from {}", of.not_before())),
        },
        10 => Barrier::OutOfDate {
            subject: subject(),
            valid: certificate.map_or_else(String::new, |of| format!("until {}", of.not_after())),
        },
        62..=64 => Barrier::OtherName {
            names: certificate.map_or_else(Vec::new, names),
        },
        _ => Barrier::Certificate(flaw.error_string().to_owned()),
    }
}

/// The names that a certificate is for.
fn names(of: &X509Ref) -> Vec<String> {
    let mut names = Vec::new();
    for of in of.subject_alt_names().iter().flatten() {
        let address = of.ipaddress().and_then(|bytes| match bytes.len() {
            4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
            _ => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        });
        names.extend(of.dnsname().map(str::to_owned));
        names.extend(address.map(|address| address.to_string()));
    }
    if names.is_empty() {
        let common = of.subject_name().entries_by_nid(Nid::COMMONNAME);
        names.extend(common.filter_map(|of| of.data().to_string().ok()));
    }
    names
}

/// As RFC 2253 writes it, the last part first, which is how Kafka names a principal.
pub(super) fn name(of: &X509NameRef) -> String {
    let part = |of: &X509NameEntryRef| {
        let value = of.data().to_string().ok()?;
        let name = of.object().nid().short_name().ok()?;
        let value: String = value.chars().fold(String::new(), |mut text, letter| {
            if ",+\"\\<>;".contains(letter) {
                text.push('\\');
            }
            text.push(letter);
            text
        });
        Some(format!("{name}={value}"))
    };
    let mut parts: Vec<String> = of.entries().filter_map(part).collect();
    parts.reverse();
    parts.join(",")
}
