//! Whom this side trusts, and who it is: certificates and keys, out of files or texts.

use std::fmt;
use std::path::{Path, PathBuf};

use openssl::error::ErrorStack;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::ssl::SslContextBuilder;
use openssl::x509::X509;

use super::judge::name;

/// A text of certificates or of a key, in a file or here.
#[derive(Clone)]
pub enum Pem {
    /// A file.
    File(PathBuf),
    /// The text itself.
    Text(String),
}

/// Who may sign a broker's certificate.
#[derive(Debug, Clone, Default)]
pub enum Authorities {
    /// Those whom this machine trusts.
    #[default]
    System,
    /// Those in a file, or in a folder with names that are hashes.
    At(PathBuf),
    /// Those in a text.
    In(String),
}

/// Who this side is.
#[derive(Clone)]
pub enum Identity {
    /// A certificate with those that sign it, and its key.
    Pem {
        /// The client's certificate first.
        certificates: Pem,
        /// Its key.
        key: Pem,
        /// What the key is encrypted with.
        password: Option<String>,
    },
    /// A PKCS#12 file.
    Keystore {
        /// Where it is.
        file: PathBuf,
        /// What it is encrypted with.
        password: Option<String>,
    },
}

/// Lets these authorities sign brokers' certificates.
pub(super) fn trust(
    context: &mut SslContextBuilder,
    authorities: &Authorities,
) -> Result<(), String> {
    match authorities {
        Authorities::System => context.set_default_verify_paths().map_err(words),
        Authorities::At(path) => {
            let loaded = if path.is_dir() {
                context.load_verify_locations(None, Some(path))
            } else {
                context.load_verify_locations(Some(path), None)
            };
            loaded.map_err(|error| about("ssl.ca.location", path, error))
        }
        Authorities::In(text) => {
            let all = certificates("ssl.ca.pem", text.as_bytes())?;
            let store = context.cert_store_mut();
            all.into_iter()
                .try_for_each(|of| store.add_cert(of))
                .map_err(words)
        }
    }
}

/// Presents the client's certificate; gives its subject.
pub(super) fn present(
    context: &mut SslContextBuilder,
    identity: &Identity,
) -> Result<String, String> {
    let (certificate, others, key) = match identity {
        Identity::Pem {
            certificates: chain,
            key,
            password,
        } => {
            let setting = "the client's certificate (ssl.certificate.location or .pem)";
            let mut chain = certificates(setting, &read(setting, chain)?)?;
            let others = chain.split_off(1);
            let key = private(key, password.as_deref())?;
            (chain.remove(0), others, key)
        }
        Identity::Keystore { file, password } => {
            let setting = "ssl.keystore.location";
            let bytes = read(setting, &Pem::File(file.clone()))?;
            let password = password.as_deref().unwrap_or_default();
            let parsed = Pkcs12::from_der(&bytes)
                .and_then(|it| it.parse2(password))
                .map_err(|error| about(setting, file, error))?;
            let others = parsed.ca.into_iter().flatten().collect();
            match (parsed.cert, parsed.pkey) {
                (Some(certificate), Some(key)) => (certificate, others, key),
                _ => {
                    return Err(format!(
                        "{setting}: {} has no certificate with a key",
                        file.display()
                    ));
                }
            }
        }
    };
    let subject = name(certificate.subject_name());
    let set = context
        .set_certificate(&certificate)
        .and_then(|()| {
            others
                .into_iter()
                .try_for_each(|of| context.add_extra_chain_cert(of))
        })
        .and_then(|()| context.set_private_key(&key))
        .and_then(|()| context.check_private_key());
    set.map_err(|error| format!("the client's certificate and its key: {}", words(error)))?;
    Ok(subject)
}

fn private(key: &Pem, password: Option<&str>) -> Result<PKey<Private>, String> {
    let setting = "the client's key (ssl.key.location or .pem)";
    let bytes = read(setting, key)?;
    // Without a password OpenSSL would ask on the terminal.
    let password = password.unwrap_or_default().as_bytes();
    PKey::private_key_from_pem_passphrase(&bytes, password).map_err(|_| {
        format!("{setting} can't be read: is it PEM, and is ssl.key.password the right one?")
    })
}

fn read(setting: &str, pem: &Pem) -> Result<Vec<u8>, String> {
    match pem {
        Pem::Text(text) => Ok(text.clone().into_bytes()),
        Pem::File(path) => std::fs::read(path)
            .map_err(|error| format!("{setting}: {} can't be read: {error}", path.display())),
    }
}

fn certificates(setting: &str, pem: &[u8]) -> Result<Vec<X509>, String> {
    match X509::stack_from_pem(pem) {
        Ok(all) if !all.is_empty() => Ok(all),
        _ => Err(format!("{setting} holds no certificate in PEM")),
    }
}

fn about(setting: &str, path: &Path, error: ErrorStack) -> String {
    let path = path.display();
    format!("{setting}: {path} can't be used: {}", words(error))
}

/// The first reason, in OpenSSL's words.
pub(super) fn words(error: ErrorStack) -> String {
    let first = error.errors().iter().find_map(|of| of.reason());
    first.map_or_else(|| error.to_string(), str::to_owned)
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pem::File(path) => path.fmt(f),
            Pem::Text(_) => f.write_str("…"),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Identity::Pem { certificates, .. } => write!(f, "{certificates:?}"),
            Identity::Keystore { file, .. } => file.fmt(f),
        }
    }
}
