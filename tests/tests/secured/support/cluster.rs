//! One broker with a listener of each kind, and users with and without permissions.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use anyhow::Result;
use penstock_tests::acls::Operation::{Describe, Read, Write};
use penstock_tests::acls::Resource::{Group, Topic};
use penstock_tests::{Broker, BrokerOptions, Client, Listener, free_port};
use tempfile::TempDir;

use super::certificates::Authority;
use super::tokens;

/// What must never be seen.
pub const PLAIN_PASSWORD: &str = "hush-plain-4711";
pub const SCRAM_PASSWORD: &str = "hush-scram-4711";
pub const KEY_PASSWORD: &str = "hush-key-4711";
pub const TOKEN_SECRET: &str = "hush-token-4711";

/// The broker of the whole program.
pub struct Cluster {
    pub broker: Broker,
    /// TLS and a login by any mechanism.
    pub login: u16,
    /// A login by PLAIN without encryption.
    pub clear: u16,
    /// TLS with certificates of both sides.
    pub mutual: u16,
    /// TLS with a certificate that has expired.
    pub expired: u16,
    /// Where tokens are got.
    pub tokens: String,
    dir: TempDir,
}

impl Cluster {
    /// Started when it is first asked for.
    pub fn shared() -> &'static Cluster {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| match Cluster::start() {
            Ok(cluster) => cluster,
            Err(error) => panic!("the secured broker: {error:#}"),
        })
    }

    fn start() -> Result<Cluster> {
        let dir = tempfile::tempdir()?;
        let file = |name: &str| dir.path().join(name);
        let authority = Authority::new("test authority")?;
        let trusted = authority.write(&file("ca.pem"))?;
        Authority::new("another authority")?.write(&file("other-ca.pem"))?;
        let server = authority.certify("broker", -1, 2)?;
        let good = server.write(&file("broker.pem"))?;
        let old = authority.certify("broker", -2, -1)?;
        let old = old.write(&file("expired.pem"))?;
        let client = authority.certify("app-mutual", -1, 2)?;
        client.write_apart(&file("client.pem"), &file("client.key"), KEY_PASSWORD)?;
        let stranger = Authority::new("another authority")?.certify("stranger", -1, 2)?;
        stranger.write(&file("stranger.pem"))?;
        std::fs::write(file("scram-password"), format!("{SCRAM_PASSWORD}\n"))?;

        let (login, clear, mutual, expired) =
            (free_port()?, free_port()?, free_port()?, free_port()?);
        let mut mutual_settings = stores(&good, &trusted);
        mutual_settings.push(pair("ssl.client.auth", "required"));
        let listeners = vec![
            listener("LOGIN", "SASL_SSL", login, login_settings(&good, &trusted)),
            listener("CLEAR", "SASL_PLAINTEXT", clear, plain_settings("PLAIN")),
            listener("MUTUAL", "SSL", mutual, mutual_settings),
            listener("EXPIRED", "SSL", expired, stores(&old, &trusted)),
        ];
        let scram = [
            "app-scram",
            "poor",
            "no-group",
            "no-topic",
            "reader",
            "looker",
        ];
        let scram = scram.into_iter();
        let scram = scram.flat_map(|user| {
            ["SCRAM-SHA-256", "SCRAM-SHA-512"]
                .map(|mechanism| format!("{mechanism}=[name={user},password={SCRAM_PASSWORD}]"))
        });
        let broker = Broker::start(BrokerOptions {
            settings: vec![
                pair(
                    "authorizer.class.name",
                    "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                ),
                pair("super.users", "User:ANONYMOUS"),
            ],
            listeners,
            scram: scram.collect(),
            ..BrokerOptions::default()
        })?;
        permit(broker.client())?;
        Ok(Cluster {
            broker: broker.until_exit(),
            login,
            clear,
            mutual,
            expired,
            tokens: tokens::serve(&server, "app-token", TOKEN_SECRET)?,
            dir,
        })
    }

    /// A client of the listener without encryption and login, which may do anything.
    pub fn client(&self) -> &Client {
        self.broker.client()
    }

    /// A file of the certificates and secrets.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// What docs/guides/secured-clusters.md says a host needs, on names that begin with `flow`.
fn permit(client: &Client) -> Result<()> {
    let full = [
        "User:app-plain",
        "User:app-scram",
        "User:app-token",
        "User:CN=app-mutual,O=Penstock",
    ];
    let mut permissions = Vec::new();
    for user in full {
        permissions.extend([
            (user, Read, Topic, "flow"),
            (user, Write, Topic, "flow"),
            (user, Read, Group, "flow"),
        ]);
    }
    permissions.extend([
        ("User:no-group", Read, Topic, "flow"),
        ("User:no-group", Write, Topic, "flow"),
        ("User:no-topic", Read, Group, "flow"),
        // They look, and one of them reads.
        ("User:reader", Read, Topic, "flow"),
        ("User:reader", Describe, Group, "flow"),
        ("User:looker", Describe, Topic, "flow"),
        ("User:looker", Describe, Group, "flow"),
        // An idempotent producer needs to write somewhere.
        ("User:no-topic", Write, Topic, "elsewhere"),
    ]);
    client.permit(&permissions)
}

fn listener(name: &str, protocol: &str, port: u16, settings: Vec<(String, String)>) -> Listener {
    Listener {
        name: name.to_owned(),
        protocol: protocol.to_owned(),
        port,
        advertised_port: None,
        settings,
    }
}

fn stores(identity: &Path, trusted: &Path) -> Vec<(String, String)> {
    vec![
        pair("ssl.keystore.type", "PEM"),
        pair("ssl.keystore.location", identity.display()),
        pair("ssl.truststore.type", "PEM"),
        pair("ssl.truststore.location", trusted.display()),
    ]
}

fn plain_settings(mechanisms: &str) -> Vec<(String, String)> {
    let module = "org.apache.kafka.common.security.plain.PlainLoginModule";
    vec![
        pair("sasl.enabled.mechanisms", mechanisms),
        pair(
            "plain.sasl.jaas.config",
            format!("{module} required user_app-plain=\"{PLAIN_PASSWORD}\";"),
        ),
    ]
}

fn login_settings(identity: &Path, trusted: &Path) -> Vec<(String, String)> {
    let scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
    let token = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \
                 unsecuredLoginStringClaim_sub=\"broker\";";
    let mut settings = plain_settings("PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER");
    settings.extend(stores(identity, trusted));
    settings.extend([
        pair("scram-sha-256.sasl.jaas.config", scram),
        pair("scram-sha-512.sasl.jaas.config", scram),
        pair("oauthbearer.sasl.jaas.config", token),
    ]);
    settings
}

fn pair(name: &str, value: impl ToString) -> (String, String) {
    (name.to_owned(), value.to_string())
}
