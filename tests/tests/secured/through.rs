//! Records go through over every kind of encryption and login, by host and tools, and the doctor
//! finds nothing.

use std::process::{Command, Output};

use anyhow::{Result, ensure};
use penstock_tests::{Host, HostConfig, eventually, plugin, program, unique};

use crate::support::{Cluster, Door, SOON, VARIABLES};

const PURCHASE: &str = r#"{"eventId":"e1","type":"PURCHASE_CONFIRMED","userId":"u7","courseId":"c3","amount":1,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z"}"#;

fn run(door: &Door, command: &str, args: &[&str]) -> Result<String> {
    let output: Output = door.tool(command, args)?.output()?;
    ensure!(output.status.success(), "{command}: {output:?}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The configuration has all that it needs of the cluster, permissions above all.
fn check(cluster: &Cluster, group: &str, config: &HostConfig) -> Result<()> {
    let file = cluster.file(&format!("{group}.toml"));
    let config = config.clone().set(&["host", "cache"], "cache");
    std::fs::write(&file, config.toml()?)?;
    let mut check = Command::new(program("penstock")?);
    check.args(["check", "--broker", "-c"]).arg(&file);
    let output = check.envs(VARIABLES).env("NO_COLOR", "1").output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{output:?}");
    ensure!(text.contains("has every permission"), "{text}");
    Ok(())
}

/// Emitted, handled, committed, peeked at, and found healthy: all by the door's own user.
fn goes_through(door: &Door) -> Result<()> {
    let cluster = Cluster::shared();
    let group = unique("flow");
    let (input, output) = (format!("{group}.in"), format!("{group}.out"));
    cluster.client().create_topic(&input, 1, &[])?;
    cluster.client().create_topic(&output, 1, &[])?;
    let config = door
        .host(&group, "h1")
        .handler(
            "access",
            &plugin("purchase-to-access")?,
            &[("access-granted", &output)],
        )
        .topic(&input, &["access"], "earliest", None);
    check(cluster, &group, &config)?;
    let mut host = Host::start(&config)?;
    host.ready(SOON)?;
    run(door, "emit", &[&input, PURCHASE, "--key", "u7"])?;
    eventually("all is committed", SOON, || {
        cluster.client().caught_up(&group, &input)
    });
    let shown = run(door, "peek", &[&output, "-n", "all", "--json"])?;
    ensure!(shown.contains("COURSE_ACCESS_GRANTED"), "{shown}");
    let shown = run(door, "offsets", &["show", "--group", &group, "--json"])?;
    ensure!(shown.contains(&input), "{shown}");
    door.doctor(&group, &["--topic", &input])?.healthy();
    host.stop()
}

#[test]
fn by_a_password_that_the_broker_sees() -> Result<()> {
    goes_through(&Door::plain(Cluster::shared()))
}

#[test]
fn by_a_password_that_is_only_proved() -> Result<()> {
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
        goes_through(&Door::scram(Cluster::shared(), mechanism, "app-scram"))?;
    }
    Ok(())
}

#[test]
fn by_a_token() -> Result<()> {
    goes_through(&Door::token(Cluster::shared()))
}

#[test]
fn by_certificates_of_both_sides() -> Result<()> {
    goes_through(&Door::mutual(Cluster::shared()))
}

#[test]
fn by_a_password_without_encryption() -> Result<()> {
    let cluster = Cluster::shared();
    let mut door = Door::plain(cluster).with("security.protocol", "SASL_PLAINTEXT");
    door.bootstrap = format!("127.0.0.1:{}", cluster.clear);
    goes_through(&door)
}

#[test]
fn a_certificate_that_is_not_to_be_looked_at_is_not() -> Result<()> {
    let cluster = Cluster::shared();
    let door = Door::new(
        cluster.login,
        &[
            ("security.protocol", "SASL_SSL"),
            ("sasl.mechanism", "PLAIN"),
            ("sasl.username", "app-plain"),
            ("sasl.password", "${PLAIN_PASSWORD}"),
        ],
    );
    let unchecked = door
        .clone()
        .with("enable.ssl.certificate.verification", "false");
    assert_eq!(unchecked.doctor("flow-none", &[])?.codes(), ["PSK-D006"]);
    door.doctor("flow-none", &[])?.only("PSK-S001", &[]);

    let mut unnamed = Door::plain(cluster).with("ssl.endpoint.identification.algorithm", "none");
    unnamed.bootstrap = format!("localhost:{}", cluster.login);
    assert_eq!(unnamed.doctor("flow-none", &[])?.codes(), ["PSK-D006"]);
    Ok(())
}
