//! As whom the doctor asks, what keeps it from being let in, what it may not see, and how an
//! administrator permits it.

use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::shell::quoted;

/// As whom, and how, somebody connects; no secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Access {
    /// `PLAINTEXT`, `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`; empty: not known.
    pub protocol: String,
    /// SASL's mechanism, if there is a login.
    pub mechanism: Option<String>,
    /// As Kafka's access lists name it: `User:NAME`; `None`: not known.
    pub principal: Option<String>,
}

impl Access {
    /// One of Kafka's own tools, as `kafka-acls.sh`, at these brokers.
    ///
    /// Plain text takes no settings. Anything else does: TLS wants to know whom to trust, a login
    /// who logs in, and that is an administrator.
    pub fn tool(&self, name: &str, bootstrap: &str) -> String {
        let settings = match self.is_plain() {
            true => "",
            false => " --command-config ADMIN.properties",
        };
        format!("{name} --bootstrap-server {}{settings}", quoted(bootstrap))
    }

    /// Where a command of Penstock's own finds the cluster, and gets in: in librdkafka's settings.
    pub fn entrance(&self, bootstrap: &str) -> String {
        let settings = match self.is_plain() {
            true => "",
            false => " --kafka-config-file CLIENT.properties",
        };
        format!("--bootstrap {}{settings}", quoted(bootstrap))
    }

    /// Kafka's own tool, to permit something to this principal; `what` as
    /// `--operation Read --topic t`. Where nobody knows the principal, `NAME` is left to be replaced.
    pub fn permit(&self, bootstrap: &str, what: &str) -> String {
        format!(
            "{} --add --allow-principal {} {what}",
            self.tool("kafka-acls.sh", bootstrap),
            quoted(self.principal.as_deref().unwrap_or("User:NAME")),
        )
    }

    fn is_plain(&self) -> bool {
        self.protocol == "PLAINTEXT"
    }
}

/// Why a broker and the doctor do not come together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Barrier {
    /// Of which kind it is.
    pub kind: BarrierKind,
    /// With the address, and the broker's or the library's words.
    pub text: String,
}

/// The kinds of barriers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BarrierKind {
    /// The broker's certificate is signed by nobody who is trusted.
    UnknownAuthority,
    /// The broker's certificate is not valid at this time.
    OutOfDate,
    /// The broker's certificate is for these names.
    OtherName(Vec<String>),
    /// TLS is spoken, and the listener speaks plain text.
    NotEncrypted,
    /// Plain text is spoken, and the listener wants TLS.
    Encrypted,
    /// The listener wants a certificate, and there is none.
    ClientCertificateMissing,
    /// The listener does not accept the certificate.
    ClientCertificateRefused,
    /// TLS fails otherwise.
    Handshake,
    /// The listener wants a login by one of these mechanisms, and there is none.
    LoginWanted(Vec<String>),
    /// The listener has no login.
    NoLogin,
    /// The listener offers these mechanisms, and not the one that is configured.
    Mechanism(Vec<String>),
    /// The user, the password or the token is not accepted.
    Credentials,
    /// The broker did not prove that it knows the password.
    Unproved,
    /// No token could be got.
    NoToken,
}

impl BarrierKind {
    /// The code of what is found.
    pub(super) fn code(&self) -> Code {
        match self {
            BarrierKind::UnknownAuthority => Code::UnknownAuthority,
            BarrierKind::OutOfDate => Code::CertificateOutOfDate,
            BarrierKind::OtherName(_) => Code::CertificateOtherName,
            BarrierKind::NotEncrypted | BarrierKind::Encrypted => Code::EncryptionDiffers,
            BarrierKind::ClientCertificateMissing | BarrierKind::ClientCertificateRefused => {
                Code::ClientCertificate
            }
            BarrierKind::Handshake => Code::HandshakeFailed,
            BarrierKind::LoginWanted(_) | BarrierKind::NoLogin | BarrierKind::Mechanism(_) => {
                Code::LoginDiffers
            }
            BarrierKind::Credentials | BarrierKind::Unproved => Code::LoginRefused,
            BarrierKind::NoToken => Code::NoToken,
        }
    }
}

/// Something that may not be seen, and without which a diagnosis is poorer and not wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Hidden {
    /// In a few words.
    pub what: String,
    /// Which permission is missing, as `Read on topic t`.
    pub needs: String,
    /// The same for Kafka's tool, as `--operation Read --topic t`.
    pub acl: String,
}

impl Hidden {
    /// The producers of a topic's partitions, and with them the open transactions.
    pub fn producers(topic: &str) -> Hidden {
        Hidden {
            what: format!("who holds back the last records of {topic}"),
            needs: format!("Read on topic {topic}"),
            acl: format!("--operation Read --topic {}", quoted(topic)),
        }
    }

    /// The cluster's quotas.
    pub fn quotas() -> Hidden {
        Hidden {
            what: "whether a quota slows it down".to_owned(),
            needs: "DescribeConfigs on the cluster".to_owned(),
            acl: "--operation DescribeConfigs --cluster".to_owned(),
        }
    }

    /// Transactions by their names: brokers leave out of a list what may not be seen.
    pub fn transactions() -> Hidden {
        Hidden {
            what: "whose the open transaction is".to_owned(),
            needs: "Describe on all transactional ids".to_owned(),
            acl: "--operation Describe --transactional-id '*'".to_owned(),
        }
    }
}
