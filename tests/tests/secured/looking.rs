//! The commands that look at running hosts, where the cluster wants a login and the host a token.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use penstock_tests::{Host, HostConfig, Terminal, plugin, program, unique};
use serde_json::Value;

use crate::support::{
    Cluster, Door, PLAIN_PASSWORD, SCRAM_PASSWORD, SOON, TOKEN_SECRET, VARIABLES,
};

const PURCHASE: &str = r#"{"eventId":"e1","type":"PURCHASE_CONFIRMED","userId":"u7","courseId":"c3","amount":1,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z"}"#;
const TOKEN: &str = "hush-admin-4711";

/// A host behind a login, with a token, and its configuration in a file.
struct Guarded {
    host: Host,
    input: String,
    output: String,
    group: String,
    file: String,
}

impl Guarded {
    fn start(door: &Door, name: &str) -> Result<Guarded> {
        let group = unique(&format!("flow-{name}"));
        let (input, output) = (format!("{group}.in"), format!("{group}.out"));
        let client = Cluster::shared().client();
        client.create_topic(&input, 1, &[])?;
        client.create_topic(&output, 1, &[])?;
        let config: HostConfig = door
            .host(&group, "h1")
            .handler(
                "access",
                &plugin("purchase-to-access")?,
                &[("access-granted", &output)],
            )
            .topic(&input, &["access"], "earliest", None)
            .set(&["admin", "token"], "${ADMIN_TOKEN}")
            .variable("ADMIN_TOKEN", TOKEN);
        let mut host = Host::start(&config)?;
        host.ready(SOON)?;
        let file = host.config_file().display().to_string();
        Ok(Guarded {
            host,
            input,
            output,
            group,
            file,
        })
    }

    /// A command of whoever knows this token.
    fn command(&self, args: &[&str], token: &str) -> Result<Command> {
        let mut command = Command::new(program("penstock")?);
        command.args(args).args(["-c", &self.file]);
        command.envs(VARIABLES).env("ADMIN_TOKEN", token);
        command.env("NO_COLOR", "1").stdin(Stdio::null());
        Ok(command)
    }

    /// What it wrote, after this exit code; no secret is in it.
    fn said(&self, exit: i32, args: &[&str], token: &str) -> Result<String> {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command(args, token)?.output()?;
        let text = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
        ensure!(status.code() == Some(exit), "{status}: {text}");
        for secret in [TOKEN, PLAIN_PASSWORD, SCRAM_PASSWORD, TOKEN_SECRET] {
            ensure!(!text.contains(secret), "it shows {secret}: {text}");
        }
        Ok(text)
    }
}

/// A command that would run for ever.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        if let Err(error) = self.0.kill().and_then(|()| self.0.wait()) {
            eprintln!("cannot end a command: {error}");
        }
    }
}

#[test]
fn a_record_is_followed_by_every_kind_of_login() -> Result<()> {
    let cluster = Cluster::shared();
    for (name, door) in [
        ("plain", Door::plain(cluster)),
        ("scram", Door::scram(cluster, "SCRAM-SHA-512", "app-scram")),
        ("token", Door::token(cluster)),
        ("mutual", Door::mutual(cluster)),
    ] {
        let guarded = Guarded::start(&door, name)?;
        let emit = ["emit", &guarded.input, PURCHASE, "--key", "u7", "--wait"];
        let text = guarded.said(0, &emit, TOKEN)?;
        for part in [
            "received      by host h1".to_owned(),
            format!("output        {}[0]@0", guarded.output),
            "COURSE_ACCESS_GRANTED".to_owned(),
            format!("committed     1 is next, group {}", guarded.group),
        ] {
            ensure!(text.contains(&part), "no {part:?} in {text}");
        }
        let wrong = ["emit", &guarded.input, PURCHASE, "--wait=1s"];
        let text = guarded.said(1, &wrong, "wrong")?;
        ensure!(text.contains("it refuses the token"), "{text}");
        guarded.host.stop()?;
    }
    Ok(())
}

#[test]
fn a_status_is_shown_again_and_again_to_whoever_has_the_token() -> Result<()> {
    let door = Door::scram(Cluster::shared(), "SCRAM-SHA-256", "app-scram");
    let guarded = Guarded::start(&door, "status")?;
    let watch = ["status", "--watch", "200ms"];
    let text = guarded.said(1, &watch, "wrong")?;
    ensure!(text.contains("token"), "{text}");
    let json = [&watch[..], &["--json"]].concat();
    let mut child = Ends(
        guarded
            .command(&json, TOKEN)?
            .stdout(Stdio::piped())
            .spawn()?,
    );
    let mut lines = BufReader::new(child.0.stdout.take().context("it is piped")?).lines();
    // Just joined, it may be without its partition for a moment.
    let consumes = lines.by_ref().take(100).any(|line| {
        let status: Value = serde_json::from_str(&line.unwrap_or_default()).unwrap_or_default();
        status["host"] == "h1" && status["state"] == "consuming"
    });
    ensure!(consumes, "no status of a host that consumes");
    drop(child);
    guarded.host.stop()
}

#[test]
fn top_shows_the_hosts_to_whoever_has_the_token_and_says_so_to_others() -> Result<()> {
    let door = Door::scram(Cluster::shared(), "SCRAM-SHA-256", "app-scram");
    let guarded = Guarded::start(&door, "top")?;
    let title = format!("group {}: 1 host", guarded.group);
    let refused = "it refuses the token";
    for (token, state, why) in [(TOKEN, "consuming", "h1"), ("wrong", "no status", refused)] {
        let variables = [&VARIABLES[..], &[("ADMIN_TOKEN", token)]].concat();
        let args = ["top", "--every", "200ms", "-c", &guarded.file];
        let mut top = Terminal::run(&args, &variables)?;
        top.until(&title)?;
        top.press("3")?;
        top.until(state)?;
        top.press("\r")?;
        top.until(why)?;
        top.press("q")?;
        ensure!(top.end()?.success());
    }
    guarded.host.stop()
}

#[test]
fn a_partition_is_paused_and_put_back_by_whoever_has_the_token() -> Result<()> {
    let door = Door::scram(Cluster::shared(), "SCRAM-SHA-256", "app-scram");
    let guarded = Guarded::start(&door, "orders")?;
    let one = format!("{}:0", guarded.input);
    let pause = ["pause", &one, "--for", "1m", "--why", "w"];
    let reset = ["offsets", "reset", "--to", "earliest", "--yes"];
    for order in [&pause[..], &["resume", &one], &reset] {
        let text = guarded.said(1, order, "wrong")?;
        ensure!(text.contains("refuses the token"), "{text}");
    }
    for order in [&pause[..], &["resume", &one], &reset] {
        guarded.said(0, order, TOKEN)?;
    }
    guarded.host.stop()
}
