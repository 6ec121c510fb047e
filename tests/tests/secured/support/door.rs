//! A way into the cluster: an address with the settings of a client.

use std::process::{Command, Output};

use anyhow::{Context, Result};
use penstock_tests::{HostConfig, program};
use serde_json::Value;

use super::cluster::{Cluster, KEY_PASSWORD, PLAIN_PASSWORD, TOKEN_SECRET};

/// See the module. Its secrets are `${…}`, in variables or files.
#[derive(Debug, Clone)]
pub struct Door {
    pub bootstrap: String,
    pub settings: Vec<(String, String)>,
}

/// The variables that hold the secrets.
pub const VARIABLES: [(&str, &str); 3] = [
    ("PLAIN_PASSWORD", PLAIN_PASSWORD),
    ("KEY_PASSWORD", KEY_PASSWORD),
    ("TOKEN_SECRET", TOKEN_SECRET),
];

impl Door {
    /// To a port, with these settings.
    pub fn new(port: u16, settings: &[(&str, &str)]) -> Door {
        let door = Door {
            bootstrap: format!("127.0.0.1:{port}"),
            settings: Vec::new(),
        };
        settings
            .iter()
            .fold(door, |door, (name, value)| door.with(name, value))
    }

    /// A user and a password by SCRAM over TLS; the password out of a file.
    pub fn scram(cluster: &Cluster, mechanism: &str, user: &str) -> Door {
        let password = format!("${{file:{}}}", cluster.file("scram-password").display());
        Door::over_tls(cluster, cluster.login, "SASL_SSL")
            .with("sasl.mechanism", mechanism)
            .with("sasl.username", user)
            .with("sasl.password", &password)
    }

    /// The user of PLAIN over TLS.
    pub fn plain(cluster: &Cluster) -> Door {
        Door::over_tls(cluster, cluster.login, "SASL_SSL")
            .with("sasl.mechanism", "PLAIN")
            .with("sasl.username", "app-plain")
            .with("sasl.password", "${PLAIN_PASSWORD}")
    }

    /// A token over TLS.
    pub fn token(cluster: &Cluster) -> Door {
        let authority = cluster.file("ca.pem").display().to_string();
        Door::over_tls(cluster, cluster.login, "SASL_SSL")
            .with("sasl.mechanism", "OAUTHBEARER")
            .with("sasl.oauthbearer.method", "oidc")
            .with("sasl.oauthbearer.client.id", "app-token")
            .with("sasl.oauthbearer.client.secret", "${TOKEN_SECRET}")
            .with("sasl.oauthbearer.token.endpoint.url", &cluster.tokens)
            .with("https.ca.location", &authority)
    }

    /// A certificate, with a key that is encrypted.
    pub fn mutual(cluster: &Cluster) -> Door {
        let file = |name: &str| cluster.file(name).display().to_string();
        Door::over_tls(cluster, cluster.mutual, "SSL")
            .with("ssl.certificate.location", &file("client.pem"))
            .with("ssl.key.location", &file("client.key"))
            .with("ssl.key.password", "${KEY_PASSWORD}")
    }

    /// TLS that trusts the test's authority.
    pub fn over_tls(cluster: &Cluster, port: u16, protocol: &str) -> Door {
        let authority = cluster.file("ca.pem").display().to_string();
        Door::new(port, &[("security.protocol", protocol)]).with("ssl.ca.location", &authority)
    }

    /// Sets one.
    pub fn with(mut self, name: &str, value: &str) -> Door {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A host that goes in here.
    pub fn host(&self, group: &str, id: &str) -> HostConfig {
        let config = HostConfig::new(&self.bootstrap, group, id).protocol("classic");
        let config = self.settings.iter().fold(config, |config, (name, value)| {
            config.set(&["kafka", "common", name], value.as_str())
        });
        VARIABLES
            .iter()
            .fold(config, |config, (name, value)| config.variable(name, value))
    }

    /// A tool that goes in here, without a configuration.
    pub fn tool(&self, command: &str, args: &[&str]) -> Result<Command> {
        let mut tool = Command::new(program("penstock")?);
        tool.arg(command).args(args);
        tool.args(["--bootstrap", &self.bootstrap]);
        for (name, value) in &self.settings {
            tool.arg("--kafka-config").arg(format!("{name}={value}"));
        }
        tool.envs(VARIABLES).env("NO_COLOR", "1");
        Ok(tool)
    }

    /// What the doctor says of a group, in JSON, and its exit code.
    pub fn doctor(&self, group: &str, args: &[&str]) -> Result<Seen> {
        let mut doctor = self.tool("doctor", &["--group", group, "--json"])?;
        let output = doctor.args(args).output()?;
        let said = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("no JSON: {output:?}"))?;
        Ok(Seen { output, said })
    }
}

/// What a doctor said.
pub struct Seen {
    pub output: Output,
    pub said: Value,
}

impl Seen {
    /// The codes of the findings.
    pub fn codes(&self) -> Vec<&str> {
        let findings = self.said["findings"].as_array().into_iter().flatten();
        findings.filter_map(|of| of["code"].as_str()).collect()
    }

    /// Exactly this is found, in these words; gives it as text.
    #[track_caller]
    pub fn only(&self, code: &str, words: &[&str]) -> String {
        assert_eq!(self.codes(), [code], "{:#}", self.said);
        assert_eq!(self.output.status.code(), Some(1));
        let text = self.said["findings"][0].to_string();
        for part in words {
            assert!(text.contains(part), "no {part:?} in {:#}", self.said);
        }
        text
    }

    /// Nothing is found; gives the notes.
    #[track_caller]
    pub fn healthy(&self) -> String {
        assert!(self.codes().is_empty(), "{:#}", self.said);
        assert_eq!(self.output.status.code(), Some(0));
        self.said["notes"].to_string()
    }
}
