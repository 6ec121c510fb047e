//! What keeps a client from being let in is named by the doctor, each with its cure.

use anyhow::Result;

use crate::support::{Cluster, Door};

/// Exactly this code is found, in these words.
fn found(door: &Door, code: &str, words: &[&str]) -> Result<()> {
    door.doctor("flow-none", &[])?.only(code, words);
    Ok(())
}

#[test]
fn an_authority_that_nobody_trusts() -> Result<()> {
    let cluster = Cluster::shared();
    let other = cluster.file("other-ca.pem").display().to_string();
    let door = Door::plain(cluster).with("ssl.ca.location", &other);
    let words = [
        "does not trust",
        "CN=test authority,O=Penstock",
        "openssl s_client -connect 127.0.0.1:",
        "ssl.ca.location",
    ];
    found(&door, "PSK-S001", &words)
}

#[test]
fn a_certificate_that_has_expired() -> Result<()> {
    let cluster = Cluster::shared();
    let door = Door::over_tls(cluster, cluster.expired, "SSL");
    let words = [
        "CN=broker,O=Penstock, valid until",
        "-noout -subject -dates",
    ];
    found(&door, "PSK-S002", &words)
}

#[test]
fn a_certificate_for_another_name() -> Result<()> {
    let cluster = Cluster::shared();
    let mut door = Door::plain(cluster);
    door.bootstrap = format!("localhost:{}", cluster.login);
    let words = ["is for 127.0.0.1", "advertised.listeners"];
    found(&door, "PSK-S003", &words)
}

#[test]
fn one_side_speaks_tls_and_the_other_does_not() -> Result<()> {
    let cluster = Cluster::shared();
    let mut door = Door::over_tls(cluster, 0, "SSL");
    door.bootstrap = cluster.client().bootstrap().to_owned();
    found(
        &door,
        "PSK-S004",
        &["speaks plain text", "set security.protocol to PLAINTEXT"],
    )?;
    let door = Door::plain(cluster).with("security.protocol", "SASL_PLAINTEXT");
    found(
        &door,
        "PSK-S004",
        &["wants TLS", "set security.protocol to SASL_SSL"],
    )
}

#[test]
fn a_client_without_a_certificate_or_with_a_strangers() -> Result<()> {
    let cluster = Cluster::shared();
    let door = Door::over_tls(cluster, cluster.mutual, "SSL");
    let words = ["none is configured", "ssl.certificate.location"];
    found(&door, "PSK-S005", &words)?;
    let stranger = cluster.file("stranger.pem").display().to_string();
    let door = door.with("ssl.certificate.location", &stranger);
    let words = ["User:CN=stranger,O=Penstock", "does not accept"];
    found(&door, "PSK-S005", &words)
}

#[test]
fn a_wrong_password_or_an_unknown_user() -> Result<()> {
    let cluster = Cluster::shared();
    let door = Door::plain(cluster).with("sasl.password", "wrong");
    let words = ["User:app-plain", "by PLAIN", "sasl.password"];
    found(&door, "PSK-S006", &words)?;
    for user in ["app-scram", "nobody"] {
        let door = Door::scram(cluster, "SCRAM-SHA-512", user).with("sasl.password", "wrong");
        let principal = format!("User:{user}");
        let cure = format!("--entity-name {user} --add-config 'SCRAM-SHA-512=[password=PASSWORD]'");
        found(&door, "PSK-S006", &[&principal, &cure])?;
    }
    Ok(())
}

#[test]
fn a_login_that_the_listener_does_not_offer() -> Result<()> {
    let cluster = Cluster::shared();
    let mut door = Door::scram(cluster, "SCRAM-SHA-256", "app-scram");
    door.bootstrap = format!("127.0.0.1:{}", cluster.clear);
    let door = door.with("security.protocol", "SASL_PLAINTEXT");
    let words = ["SCRAM-SHA-256 is configured", "only PLAIN"];
    found(&door, "PSK-S007", &words)?;

    let none = Door::new(cluster.clear, &[]);
    let words = ["wants a login (SASL), and none is configured", "(PLAIN)"];
    found(&none, "PSK-S007", &words)?;

    let mut needless = door;
    needless.bootstrap = cluster.client().bootstrap().to_owned();
    let words = [
        "the listener at this address has none",
        "set security.protocol to PLAINTEXT",
    ];
    found(&needless, "PSK-S007", &words)
}

#[test]
fn a_token_that_nobody_gives_out_or_accepts() -> Result<()> {
    let cluster = Cluster::shared();
    let door = Door::token(cluster).with("sasl.oauthbearer.client.secret", "wrong");
    let words = ["401 invalid_client: who are you?", "/token"];
    found(&door, "PSK-S008", &words)?;
    let door = door.with(
        "sasl.oauthbearer.token.endpoint.url",
        "http://127.0.0.1:1/token",
    );
    found(&door, "PSK-S008", &["http://127.0.0.1:1/token"])
}

#[test]
fn a_key_that_can_not_be_read_is_a_mistake_of_the_configuration() -> Result<()> {
    let cluster = Cluster::shared();
    let door = Door::mutual(cluster).with("ssl.key.password", "wrong");
    let output = door.tool("doctor", &["--group", "g"])?.output()?;
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("is ssl.key.password the right one?"),
        "{text}"
    );
    Ok(())
}
