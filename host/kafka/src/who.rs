//! As whom a client talks to Kafka, and what has to be done where Kafka refuses it.

use std::sync::Arc;

use penstock_core::diagnosis::snapshot::Access;
use penstock_core::shell::quoted;
use rdkafka::ClientConfig;
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::certificate;
use crate::native::{Error, Role};
use crate::token::Source;

/// A client, as the cluster's administrators know it.
pub struct Who {
    pub(crate) bootstrap: String,
    /// In capitals.
    protocol: String,
    /// Of a consumer.
    group: Option<String>,
    /// Of a producer that has transactions.
    transactional_id: Option<String>,
    login: Login,
}

enum Login {
    /// Nobody logs in.
    None,
    /// By a certificate, with this subject if it can be read.
    Certificate(Option<String>),
    /// By this mechanism of SASL.
    User(String, String),
    /// By tokens.
    Token(Arc<Source>),
}

impl Who {
    /// Whom these settings make of a client.
    pub fn of(config: &ClientConfig, role: Role, tokens: Option<&Arc<Source>>) -> Who {
        let get = |name: &str| config.get(name).unwrap_or_default().to_owned();
        let protocol = match get("security.protocol").to_uppercase() {
            none if none.is_empty() => "PLAINTEXT".to_owned(),
            some => some,
        };
        let mechanism = match get("sasl.mechanism") {
            none if none.is_empty() => get("sasl.mechanisms"),
            some => some,
        };
        let login = match (protocol.as_str(), tokens) {
            ("SASL_SSL" | "SASL_PLAINTEXT", Some(tokens)) => Login::Token(Arc::clone(tokens)),
            ("SASL_SSL" | "SASL_PLAINTEXT", None) => Login::User(get("sasl.username"), mechanism),
            ("SSL", _) if certificate::is_configured(config) => {
                Login::Certificate(certificate::subject(config))
            }
            _ => Login::None,
        };
        Who {
            bootstrap: get("bootstrap.servers"),
            protocol,
            group: (role == Role::Consumer).then(|| get("group.id")),
            transactional_id: config.get("transactional.id").map(str::to_owned),
            login,
        }
    }

    /// The error, and what to do about it; `subject` is the topic, if it is about one.
    pub fn explain(&self, error: &Error, subject: &str) -> String {
        match self.cure(error.code, subject) {
            Some(cure) => format!("{error}; {cure}"),
            None => error.to_string(),
        }
    }

    /// What to do where Kafka refuses; `None` if that is not what the code says.
    pub fn cure(&self, code: Rd, topic: &str) -> Option<String> {
        let who = self.principal();
        let missing = |operation: &str, resource: &str, command: &str| {
            let what = format!("--operation {operation} {command}");
            let permit = self.access().permit(&self.bootstrap, &what);
            format!("{who} lacks {operation} on {resource}; an administrator permits it: {permit}")
        };
        Some(match code {
            Rd::TopicAuthorizationFailed => {
                let operation = if self.group.is_some() { "Read" } else { "Write" };
                let (resource, name) = (format!("topic {topic}"), quoted(topic));
                missing(operation, &resource, &format!("--topic {name}"))
            }
            Rd::GroupAuthorizationFailed => {
                let group = self.group.as_deref().unwrap_or_default();
                let (resource, name) = (format!("group {group}"), quoted(group));
                missing("Read", &resource, &format!("--group {name}"))
            }
            Rd::ClusterAuthorizationFailed => {
                let cure = missing("IdempotentWrite", "cluster", "--cluster");
                format!("{cure} (since Kafka 2.8, Write on any topic does as well)")
            },
            Rd::TransactionalIdAuthorizationFailed => {
                let id = self.transactional_id();
                let (resource, name) = (format!("transactional id {id}"), quoted(id));
                missing("Write", &resource, &format!("--transactional-id {name}"))
            }
            Rd::InvalidTransactionTimeout => "kafka.transaction.timeout is above the brokers' \
                                              transaction.max.timeout.ms (15 min by default): lower \
                                              the one or raise the other"
                .to_owned(),
            Rd::Authentication | Rd::SaslAuthenticationFailed | Rd::UnsupportedSASLMechanism => {
                self.login_cure(&who)
            }
            Rd::SSL => "the two sides come to no encrypted connection: see ssl.ca.location (who \
                        may sign the broker's certificate), the name in that certificate, its dates, \
                        and ssl.certificate.location if brokers want one of the client; `penstock \
                        doctor` with this configuration tells which"
                .to_owned(),
            _ => return None,
        })
    }

    /// Empty if it has no transactions.
    pub fn transactional_id(&self) -> &str {
        self.transactional_id.as_deref().unwrap_or_default()
    }

    fn login_cure(&self, who: &str) -> String {
        let (how, settings) = match &self.login {
            Login::Token(_) => (
                " by OAUTHBEARER".to_owned(),
                "sasl.oauthbearer.token.endpoint.url, .client.id, .client.secret and .scope",
            ),
            Login::User(_, mechanism) => (
                format!(" by {mechanism}"),
                "sasl.username, sasl.password and sasl.mechanism",
            ),
            Login::Certificate(_) | Login::None => (String::new(), "security.protocol"),
        };
        format!(
            "{who} is not let in{how}: see {settings}; `penstock doctor` with this configuration \
             tells a wrong password from a login that is not offered"
        )
    }

    fn access(&self) -> Access {
        let mechanism = match &self.login {
            Login::User(_, mechanism) => Some(mechanism.clone()),
            Login::Token(_) => Some("OAUTHBEARER".to_owned()),
            Login::Certificate(_) | Login::None => None,
        };
        Access {
            protocol: self.protocol.clone(),
            mechanism,
            principal: Some(self.principal()),
        }
    }

    /// As Kafka's access lists name it.
    fn principal(&self) -> String {
        match &self.login {
            Login::None => "User:ANONYMOUS".to_owned(),
            Login::Certificate(Some(subject)) => format!("User:{subject}"),
            Login::Certificate(None) => "User:SUBJECT-OF-THE-CERTIFICATE".to_owned(),
            Login::User(user, _) => format!("User:{user}"),
            Login::Token(source) => format!("User:{}", source.principal()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(role: Role) -> Who {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", "kafka:9093")
            .set("group.id", "the group")
            .set("security.protocol", "SASL_SSL")
            .set("sasl.mechanism", "SCRAM-SHA-512")
            .set("sasl.username", "app")
            .set("sasl.password", "hush");
        Who::of(&config, role, None)
    }

    #[test]
    fn a_missing_permission_is_named_with_its_command() {
        let consumer = who(Role::Consumer);
        let cure = consumer.cure(Rd::GroupAuthorizationFailed, "");
        let expected = "User:app lacks Read on group the group; an administrator permits it: \
                        kafka-acls.sh --bootstrap-server kafka:9093 --command-config \
                        ADMIN.properties --add --allow-principal User:app --operation Read \
                        --group 'the group'";
        assert_eq!(cure.as_deref(), Some(expected));
        let cure = who(Role::Producer).cure(Rd::TopicAuthorizationFailed, "out");
        let cure = cure.unwrap_or_default();
        assert!(cure.ends_with("--operation Write --topic out"), "{cure}");
        let mut plain = ClientConfig::new();
        plain.set("bootstrap.servers", "kafka:9092");
        let cure = Who::of(&plain, Role::Producer, None).cure(Rd::TopicAuthorizationFailed, "out");
        let expected = "User:ANONYMOUS lacks Write on topic out; an administrator permits it: \
                        kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal \
                        User:ANONYMOUS --operation Write --topic out";
        assert_eq!(cure.as_deref(), Some(expected));
        assert_eq!(consumer.cure(Rd::AllBrokersDown, ""), None);
    }

    #[test]
    fn a_failed_login_is_told_without_its_password() {
        let error = Error::from(Rd::Authentication);
        let text = who(Role::Consumer).explain(&error, "");
        assert!(
            text.contains("User:app is not let in by SCRAM-SHA-512"),
            "{text}"
        );
        assert!(!text.contains("hush"), "{text}");
    }
}
