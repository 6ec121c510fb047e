//! Encryption by OpenSSL, as librdkafka does it: the same files, the same judgement.

use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use openssl::error::ErrorStack;
use openssl::ssl::SslVersion;
use openssl::ssl::{self, ErrorCode, Ssl, SslContext, SslContextBuilder, SslMethod, SslVerifyMode};
use openssl::x509::verify::X509CheckFlags;
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::Barrier;
use super::identity::{Authorities, Identity, present, trust, words};
use super::judge::{Alert, alert, is_not_tls, judged};

/// What there is to be set.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// Who may sign a broker's certificate.
    pub authorities: Authorities,
    /// Who this side is, if it says so.
    pub identity: Option<Identity>,
    /// Whether the broker's certificate is looked at.
    pub verify: bool,
    /// Whether the name in it must be the one that the broker was reached by.
    pub verify_name: bool,
    /// Ciphers up to TLS 1.2, as OpenSSL names them.
    pub ciphers: Option<String>,
    /// Groups of the key exchange.
    pub curves: Option<String>,
    /// Algorithms of signatures.
    pub signatures: Option<String>,
}

/// Encryption, ready for use.
#[derive(Clone)]
pub struct Tls {
    context: SslContext,
    verify: bool,
    verify_name: bool,
    subject: Option<String>,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// What is wrong with one of them, in words and without secrets.
    pub fn new(settings: &TlsSettings) -> Result<Tls, String> {
        let mut context = SslContext::builder(SslMethod::tls_client()).map_err(words)?;
        context
            .set_min_proto_version(Some(SslVersion::TLS1_2))
            .map_err(words)?;
        trust(&mut context, &settings.authorities)?;
        let subject = match &settings.identity {
            Some(identity) => Some(present(&mut context, identity)?),
            None => None,
        };
        let lists: [(&str, &Option<String>, SetList); 3] = [
            ("ciphers", &settings.ciphers, |it, list| {
                it.set_cipher_list(list)
            }),
            ("curves", &settings.curves, |it, list| {
                it.set_groups_list(list)
            }),
            ("signature algorithms", &settings.signatures, |it, list| {
                it.set_sigalgs_list(list)
            }),
        ];
        for (what, list, set) in lists {
            if let Some(list) = list {
                set(&mut context, list).map_err(|error| format!("{what}: {}", words(error)))?;
            }
        }
        Ok(Tls {
            context: context.build(),
            verify: settings.verify,
            verify_name: settings.verify_name,
            subject,
        })
    }

    /// Encryption with anybody, to see whether somebody speaks it.
    pub(crate) fn unverified() -> Result<Tls, String> {
        Tls::new(&TlsSettings {
            authorities: Authorities::System,
            identity: None,
            verify: false,
            verify_name: false,
            ciphers: None,
            curves: None,
            signatures: None,
        })
    }

    /// Whom the client's certificate names, as Kafka makes a principal of it; `None` without one.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Encrypts a connection to `host`.
    pub(crate) async fn over(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<SslStream<TcpStream>, Failed> {
        let flaw = Arc::new(Mutex::new(None));
        let ssl = self.prepared(host, &flaw);
        let stream = ssl.and_then(|ssl| SslStream::new(ssl, stream));
        let mut stream =
            stream.map_err(|error| Failed::Barrier(Barrier::Handshake(words(error))))?;
        let Err(error) = Pin::new(&mut stream).connect().await else {
            return Ok(stream);
        };
        let flaw = flaw.lock().unwrap_or_else(PoisonError::into_inner).take();
        Err(match flaw {
            Some(barrier) => Failed::Barrier(barrier),
            None => self.failed(&error),
        })
    }

    fn prepared(&self, host: &str, flaw: &Arc<Mutex<Option<Barrier>>>) -> Result<Ssl, ErrorStack> {
        let mut ssl = Ssl::new(&self.context)?;
        let address = host.parse::<IpAddr>().ok();
        if address.is_none() {
            ssl.set_hostname(host)?;
        }
        if !self.verify {
            ssl.set_verify(SslVerifyMode::NONE);
            return Ok(ssl);
        }
        if self.verify_name {
            let expected = ssl.param_mut();
            expected.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS);
            match address {
                Some(address) => expected.set_ip(address)?,
                None => expected.set_host(host)?,
            }
        }
        let flaw = Arc::clone(flaw);
        ssl.set_verify_callback(SslVerifyMode::PEER, move |is_good, chain| {
            if !is_good {
                let mut flaw = flaw.lock().unwrap_or_else(PoisonError::into_inner);
                *flaw = Some(judged(chain.error(), chain.current_cert()));
            }
            is_good
        });
        Ok(ssl)
    }

    fn failed(&self, error: &ssl::Error) -> Failed {
        match alert(error) {
            Some(alert) => Failed::Barrier(self.alerted(alert)),
            None if matches!(error.code(), ErrorCode::SYSCALL | ErrorCode::ZERO_RETURN) => {
                Failed::NoAnswer
            }
            None if is_not_tls(error) => Failed::NoAnswer,
            None => Failed::Barrier(Barrier::Handshake(error.to_string())),
        }
    }

    /// What the other side means by an alert.
    pub(crate) fn alerted(&self, alert: Alert) -> Barrier {
        let certificate = alert.is_about_certificates();
        match (certificate, &self.subject) {
            (true, None) => Barrier::ClientCertificateMissing,
            (true, Some(_)) => Barrier::ClientCertificateRefused(alert.name().to_owned()),
            (false, _) => Barrier::Handshake(alert.name().to_owned()),
        }
    }
}

type SetList = fn(&mut SslContextBuilder, &str) -> Result<(), ErrorStack>;

/// Why there is no encrypted connection.
pub(crate) enum Failed {
    /// For this reason.
    Barrier(Barrier),
    /// The other side did not answer in TLS: it may speak none.
    NoAnswer,
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("subject", &self.subject)
            .field("verify", &self.verify)
            .finish_non_exhaustive()
    }
}
