//! No secret is ever shown: not in a log, a status, a metric, an error, or a snapshot.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use penstock_tests::{Host, HostConfig, eventually, plugin, program, unique};

use crate::support::{
    Cluster, Door, KEY_PASSWORD, PLAIN_PASSWORD, SCRAM_PASSWORD, SOON, TOKEN_SECRET,
};

const SECRETS: [&str; 4] = [PLAIN_PASSWORD, SCRAM_PASSWORD, KEY_PASSWORD, TOKEN_SECRET];

#[track_caller]
fn clean(from: &str, text: &str) {
    assert!(!text.is_empty(), "{from} says nothing");
    for secret in SECRETS {
        // As it is, and as HTTP's basic authentication or JSON would have it.
        assert!(!text.contains(secret), "{from} shows {secret}: {text}");
    }
    assert!(!text.contains("eyJhbGciOi"), "{from} shows a token: {text}");
}

fn output(from: &str, command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| from.to_owned())?;
    let text = [output.stdout, output.stderr].concat();
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn config(door: &Door, group: &str) -> Result<HostConfig> {
    let plugin = plugin("purchase-to-access")?;
    Ok(door
        .host(group, "h1")
        .handler(
            "access",
            &plugin,
            &[("access-granted", &format!("{group}.out"))],
        )
        .topic(&format!("{group}.in"), &["access"], "earliest", None)
        .variable("PENSTOCK_LOG", "trace")
        // librdkafka's own words about all that is secret.
        .set(
            &["kafka", "common", "debug"],
            "security,broker,conf,protocol",
        ))
}

/// The ways in, of which those with `wrong` lead nowhere.
fn doors(cluster: &Cluster) -> [(&'static str, Door); 7] {
    let refused = Door::scram(cluster, "SCRAM-SHA-256", "nobody");
    let barred = Door::plain(cluster).with("security.protocol", "SASL_PLAINTEXT");
    let lost = Door::token(cluster).with(
        "sasl.oauthbearer.token.endpoint.url",
        "http://127.0.0.1:1/token",
    );
    [
        ("plain", Door::plain(cluster)),
        ("scram", Door::scram(cluster, "SCRAM-SHA-512", "app-scram")),
        ("token", Door::token(cluster)),
        ("mutual", Door::mutual(cluster)),
        ("wrong user", refused),
        ("wrong encryption", barred),
        ("wrong token", lost),
    ]
}

#[test]
fn a_host_shows_none_whether_it_gets_in_or_not() -> Result<()> {
    let cluster = Cluster::shared();
    let group = unique("flow-secrets");
    for topic in ["in", "out"] {
        cluster
            .client()
            .create_topic(&format!("{group}.{topic}"), 1, &[])?;
    }
    for (name, door) in doors(cluster) {
        let mut host = Host::start(&config(&door, &group)?)?;
        if name.starts_with("wrong") {
            eventually("the host says that it is not let in", SOON, || {
                let status = host.status()?["conditions"].to_string();
                ensure!(status.contains("PSK-K00"), "{status}");
                Ok(())
            });
        } else {
            host.ready(SOON)?;
        }
        for path in ["/status", "/metrics", "/readyz", "/healthz"] {
            clean(path, &host.get(path)?.1);
        }
        host.sigterm()?;
        host.wait_exit(SOON)?;
        let log = host.process().log();
        ensure!(
            log.contains(r#""facility":"CONF""#),
            "no word of librdkafka's: {log}"
        );
        clean(name, &log);
    }
    Ok(())
}

#[test]
fn a_tool_and_a_doctor_show_none_and_keep_none() -> Result<()> {
    let cluster = Cluster::shared();
    for (name, door) in doors(cluster) {
        let saved = cluster.file("snapshot.json");
        let path = saved.display().to_string();
        let doctor = ["--group", "flow-none", "--watch-for", "0s", "--save", &path];
        clean(name, &output(name, &mut door.tool("doctor", &doctor)?)?);
        clean("a snapshot", &std::fs::read_to_string(&saved)?);
        std::fs::remove_file(&saved)?;
        clean(
            name,
            &output(name, &mut door.tool("peek", &["flow-none"])?)?,
        );
        let emit = door.tool("emit", &["flow-none", "x"])?;
        clean(name, &output(name, &mut { emit })?);
    }
    Ok(())
}

#[test]
fn a_mistake_beside_a_secret_does_not_show_it() -> Result<()> {
    let cluster = Cluster::shared();
    let file = cluster.file("mistaken.toml");
    let door = Door::plain(cluster)
        .with("sasl.password", PLAIN_PASSWORD)
        .with("sasl.mechanism", "PLAN")
        .with("ssl.key.pasword", KEY_PASSWORD);
    std::fs::write(&file, config(&door, "flow-none")?.toml()?)?;
    for command in ["check", "run", "doctor"] {
        let text = output(command, &mut configured(command, &file)?)?;
        ensure!(text.contains("sasl.mechanism"), "{text}");
        clean(command, &text);
    }
    let text = output("peek", &mut door.tool("peek", &["flow-none"])?)?;
    ensure!(text.contains("ssl.key.password"), "{text}");
    clean("peek", &text);
    Ok(())
}

fn configured(command: &str, file: &Path) -> Result<Command> {
    let mut run = Command::new(program("penstock")?);
    run.arg(command).arg("-c").arg(file).env("NO_COLOR", "1");
    Ok(run)
}
