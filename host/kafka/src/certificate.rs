//! Whom the client's certificate names.

use openssl::pkcs12::Pkcs12;
use openssl::x509::{X509, X509NameEntryRef};
use rdkafka::ClientConfig;

const SETTINGS: [&str; 3] = [
    "ssl.certificate.pem",
    "ssl.certificate.location",
    "ssl.keystore.location",
];

/// Whether the client has one.
pub fn is_configured(config: &ClientConfig) -> bool {
    SETTINGS.iter().any(|name| config.get(name).is_some())
}

/// Its subject as Kafka makes a principal of it (RFC 2253); `None` if it can't be read, which the
/// client itself reports.
pub fn subject(config: &ClientConfig) -> Option<String> {
    let certificate = match (
        config.get("ssl.certificate.pem"),
        config.get("ssl.certificate.location"),
    ) {
        (Some(text), _) => X509::from_pem(text.as_bytes()).ok()?,
        (None, Some(file)) => X509::from_pem(&std::fs::read(file).ok()?).ok()?,
        (None, None) => {
            let bytes = std::fs::read(config.get("ssl.keystore.location")?).ok()?;
            let password = config.get("ssl.keystore.password").unwrap_or_default();
            Pkcs12::from_der(&bytes).ok()?.parse2(password).ok()?.cert?
        }
    };
    let part = |of: &X509NameEntryRef| {
        let name = of.object().nid().short_name().ok()?;
        Some(format!("{name}={}", of.data().to_string().ok()?))
    };
    let mut parts: Vec<String> = certificate
        .subject_name()
        .entries()
        .filter_map(part)
        .collect();
    parts.reverse();
    Some(parts.join(","))
}
