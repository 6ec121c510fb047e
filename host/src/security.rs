//! librdkafka's settings as the protocol's own client takes them: encryption and login.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use penstock_admin_protocol::{
    Account, Authorities, BearerToken, Hash, Identity, Pem, Sasl, Security, Tls, TlsSettings,
    TokenSource,
};
use penstock_core::config::Kafka;
use penstock_core::diagnosis::snapshot::Access;
use penstock_kafka::token;

/// So that a connection, which may take five seconds, does not end while it waits for a token.
const TOKEN_TIME_MAX: Duration = Duration::from_secs(4);

/// Settings by name, as `[kafka.common]` has them.
pub type Settings = BTreeMap<String, String>;

/// How to connect, and as whom.
#[derive(Clone, Default)]
pub struct Entrance {
    /// For the client.
    pub security: Security,
    protocol: String,
    user: User,
}

/// Who connects.
#[derive(Clone, Default)]
enum User {
    #[default]
    Anonymous,
    Named(String),
    /// Whom the token is for.
    Token(Arc<token::Source>),
}

impl Entrance {
    /// For a diagnosis. Whom a token is for is known once it was fetched.
    pub fn access(&self) -> Access {
        let user = match &self.user {
            User::Anonymous => "ANONYMOUS".to_owned(),
            User::Named(name) => name.clone(),
            User::Token(source) => source.principal(),
        };
        Access {
            protocol: self.protocol.clone(),
            mechanism: self
                .security
                .sasl
                .as_ref()
                .map(|of| of.mechanism().to_owned()),
            principal: Some(format!("User:{user}")),
        }
    }
}

impl fmt::Debug for Entrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.access().fmt(f)
    }
}

/// The settings of a configuration for who only looks: the consumer's.
pub fn settings(kafka: &Kafka) -> Settings {
    let mut settings = kafka.common.clone();
    settings.extend(kafka.consumer.clone());
    settings
}

/// What the settings come to.
///
/// # Errors
/// What is wrong with them, or with a file that they name; in words and without secrets.
pub fn entrance(settings: &Settings) -> Result<Entrance, String> {
    let protocol = get(settings, &["security.protocol"]).unwrap_or("plaintext");
    let protocol = protocol.to_uppercase();
    let tls = match protocol.as_str() {
        "SSL" | "SASL_SSL" => Some(Tls::new(&tls(settings))?),
        _ => None,
    };
    let with_login = protocol.starts_with("SASL_");
    let (sasl, user) = match with_login.then(|| login(settings)).transpose()? {
        Some((sasl, user)) => (Some(sasl), user),
        None => {
            let subject = tls.as_ref().and_then(Tls::subject);
            let user = subject.map_or(User::Anonymous, |of| User::Named(of.to_owned()));
            (None, user)
        }
    };
    Ok(Entrance {
        security: Security { tls, sasl },
        protocol,
        user,
    })
}

/// The login, and as whom.
fn login(settings: &Settings) -> Result<(Sasl, User), String> {
    let mechanism = get(settings, &["sasl.mechanism", "sasl.mechanisms"]);
    let mechanism = mechanism.ok_or("`sasl.mechanism` is missing")?;
    if mechanism == "OAUTHBEARER" {
        let source = token::Source::new(settings, TOKEN_TIME_MAX)?.ok_or(
            "tokens come from `sasl.oauthbearer.method=oidc` here; the unsecured ones of \
             librdkafka's own are for its clients alone",
        )?;
        let source = Arc::new(source);
        let tokens = Tokens(Arc::clone(&source));
        return Ok((Sasl::OAuthBearer(Arc::new(tokens)), User::Token(source)));
    }
    let needed = |name: &str| {
        let value = settings.get(name).cloned();
        value.ok_or_else(|| format!("`{name}` is missing"))
    };
    let account = Account {
        user: needed("sasl.username")?,
        password: needed("sasl.password")?,
    };
    let user = User::Named(account.user.clone());
    let sasl = match mechanism {
        "PLAIN" => Sasl::Plain(account),
        "SCRAM-SHA-256" => Sasl::Scram(Hash::Sha256, account),
        "SCRAM-SHA-512" => Sasl::Scram(Hash::Sha512, account),
        other => return Err(format!("the login {other} is not supported")),
    };
    Ok((sasl, user))
}

struct Tokens(Arc<token::Source>);

impl TokenSource for Tokens {
    fn token(&self) -> Result<BearerToken, String> {
        let token = self.0.token().map_err(|error| error.to_string())?;
        Ok(BearerToken {
            value: token.value,
            extensions: token.extensions,
        })
    }
}

fn tls(settings: &Settings) -> TlsSettings {
    let text = |name: &str| settings.get(name).filter(|of| !of.is_empty()).cloned();
    let pem = |location: &str, pem: &str| {
        let written = text(pem).map(Pem::Text);
        written.or_else(|| text(location).map(|path| Pem::File(path.into())))
    };
    let authorities = match (text("ssl.ca.pem"), text("ssl.ca.location")) {
        (Some(pem), _) => Authorities::In(pem),
        // librdkafka's word for "wherever this machine has them".
        (None, Some(path)) if path != "probe" => Authorities::At(path.into()),
        _ => Authorities::System,
    };
    let certificates = pem("ssl.certificate.location", "ssl.certificate.pem");
    let identity = match (certificates, text("ssl.keystore.location")) {
        (Some(certificates), _) => Some(Identity::Pem {
            // A file may hold both.
            key: pem("ssl.key.location", "ssl.key.pem").unwrap_or_else(|| certificates.clone()),
            certificates,
            password: text("ssl.key.password"),
        }),
        (None, Some(file)) => Some(Identity::Keystore {
            file: PathBuf::from(file),
            password: text("ssl.keystore.password"),
        }),
        (None, None) => None,
    };
    let is_off = |name: &str, off: &[&str]| {
        let value = settings.get(name).map(|of| of.to_lowercase());
        value.is_some_and(|value| off.contains(&value.as_str()))
    };
    TlsSettings {
        authorities,
        identity,
        verify: !is_off("enable.ssl.certificate.verification", &["false", "f", "0"]),
        verify_name: !is_off("ssl.endpoint.identification.algorithm", &["none"]),
        ciphers: text("ssl.cipher.suites"),
        curves: text("ssl.curves.list"),
        signatures: text("ssl.sigalgs.list"),
    }
}

fn get<'s>(settings: &'s Settings, names: &[&str]) -> Option<&'s str> {
    let found = names.iter().find_map(|name| settings.get(*name));
    found.map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn without_settings_nobody_logs_in() {
        let entrance = entrance(&Settings::new()).expect("they are right");
        assert!(entrance.security.tls.is_none() && entrance.security.sasl.is_none());
        assert_eq!(entrance.access().protocol, "PLAINTEXT");
        assert_eq!(
            entrance.access().principal.as_deref(),
            Some("User:ANONYMOUS")
        );
    }

    #[test]
    fn a_login_is_told_by_its_user_alone() {
        let entrance = entrance(&settings(&[
            ("security.protocol", "sasl_plaintext"),
            ("sasl.mechanisms", "SCRAM-SHA-512"),
            ("sasl.username", "app"),
            ("sasl.password", "hush"),
        ]));
        let entrance = entrance.expect("they are right");
        assert_eq!(entrance.access().principal.as_deref(), Some("User:app"));
        assert_eq!(
            entrance.access().mechanism.as_deref(),
            Some("SCRAM-SHA-512")
        );
        assert!(!format!("{entrance:?}").contains("hush"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let wrong = entrance(&settings(&[
            ("security.protocol", "SASL_PLAINTEXT"),
            ("sasl.mechanism", "PLAIN"),
            ("sasl.username", "app"),
        ]));
        assert_eq!(wrong.err().as_deref(), Some("`sasl.password` is missing"));
        let wrong = entrance(&settings(&[
            ("security.protocol", "SSL"),
            ("ssl.ca.location", "/nowhere.pem"),
        ]));
        let wrong = wrong.err().unwrap_or_default();
        assert!(
            wrong.starts_with("ssl.ca.location: /nowhere.pem"),
            "{wrong}"
        );
    }
}
