//! A plugin that takes long to compile: other topics go on, its own joins when it is done, and a
//! mistake that is only found then ends the host as one at the start would.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use penstock_tests::{Host, HostConfig, Outgoing, Terminal, eventually, heavy, program};
use tempfile::TempDir;

use crate::support::{Line, SOON, Watch};

const PARTITIONS: i32 = 2;

/// How long compiling may take: on a busy machine it has what others leave.
const COMPILED: Duration = Duration::from_secs(240);

/// A line whose plugin is compiled, and a second topic whose plugin is not.
struct Scene {
    line: Line,
    slow: String,
    folder: TempDir,
}

impl Scene {
    /// It takes not quite as many seconds to compile, on two cores that have nothing else to do.
    fn new(name: &str, seconds: usize) -> Result<Scene> {
        let line = Line::new(name, PARTITIONS)?;
        let slow = format!("{}.slow", line.input);
        line.client.create_topic(&slow, PARTITIONS, &[])?;
        let folder = tempfile::tempdir()?;
        heavy(
            "unruly",
            &folder.path().join("heavy.wasm"),
            100 * seconds,
            1,
        )?;
        std::fs::create_dir(folder.path().join("cache"))?;
        let scene = Scene { line, slow, folder };
        let ended = scene.check(&scene.line.unruly("h1", "classic")?)?;
        ensure!(ended.status.success(), "{ended:?}");
        Ok(scene)
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// The second topic's handler; its outputs are to be mapped by the test.
    fn slow_handler(&self, config: HostConfig, outputs: &[(&str, &str)]) -> HostConfig {
        let plugin = self.folder.path().join("heavy.wasm");
        config
            .handler("slow", &plugin, outputs)
            .topic(&self.slow, &["slow"], "latest", None)
    }

    fn both(&self, protocol: &str) -> Result<HostConfig> {
        let config = self.line.unruly("h1", protocol)?;
        Ok(self.slow_handler(config, &[("out", &self.line.dead)]))
    }

    fn start(&self, config: &HostConfig) -> Result<Host> {
        Host::start_with_cache(config, &self.cache())
    }

    fn file(&self, config: &HostConfig) -> Result<PathBuf> {
        let cache = self.cache().display().to_string();
        let file = self.folder.path().join("penstock.toml");
        let config = config.clone().set(&["host", "cache"], cache);
        std::fs::write(&file, config.toml()?)?;
        Ok(file)
    }

    fn check(&self, config: &HostConfig) -> Result<Output> {
        penstock(&["check"], &self.file(config)?)
    }

    fn send_slow(&self, values: &[&str]) -> Result<()> {
        let record = |value: &&str| Outgoing::to(&self.slow).partition(0).value(*value);
        let records: Vec<_> = values.iter().map(record).collect();
        self.line.client.produce(&records).map(drop)
    }
}

fn penstock(args: &[&str], config: &Path) -> Result<Output> {
    let mut command = Command::new(program("penstock")?);
    command.args(args).arg("-c").arg(config);
    command
        .env("NO_COLOR", "1")
        .output()
        .context("cannot run it")
}

/// It ends with this code, and says so.
fn says(output: &Output, code: i32, said: &str) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(said), "no {said:?} in {text}");
}

/// The stays of the partitions of a topic.
fn stays(host: &Host, topic: &str) -> Result<Vec<serde_json::Value>> {
    let each = (0..PARTITIONS).map(|number| Ok(host.partition(topic, number)?["epoch"].clone()));
    each.collect()
}

#[test]
fn other_topics_go_on_while_a_plugin_is_compiled_and_its_own_joins_then() -> Result<()> {
    joins_later("consumer", "at-least-once")
}

#[test]
fn a_topic_joins_later_exactly_once_too() -> Result<()> {
    joins_later("classic", "exactly-once")
}

fn joins_later(protocol: &str, delivery: &str) -> Result<()> {
    let scene = Scene::new("compiling", 10)?;
    let config = scene.both(protocol)?.set(&["kafka", "delivery"], delivery);
    let line = &scene.line;
    line.send(0, &["ok 1", "ok 2"])?;
    line.send(1, &["ok 3"])?;
    let mut host = scene.start(&config)?;
    eventually("the first topic is handled", SOON, || {
        ensure!(line.outputs()?.len() == 3);
        Ok(())
    });
    let waits = host.condition("PSK-O007")?;
    assert_eq!(waits["subject"], scene.slow);
    assert!(
        waits["text"].to_string().contains("slow (heavy.wasm)"),
        "{waits}"
    );
    let before = stays(&host, &line.input)?;
    let (code, why) = host.get("/readyz")?;
    assert_eq!(code, 503, "{why}");
    assert!(why.contains("PSK-O007"), "{why}");
    // What came since the start is read, though the topic starts at its latest record.
    scene.send_slow(&["ok late"])?;

    let (file, topic) = (host.config_file(), scene.slow.as_str());
    let paused = penstock(&["pause", topic, "--for", "1h", "--why", "a test"], &file)?;
    says(&paused, 0, "is paused");
    says(&penstock(&["resume", topic], &file)?, 0, "goes on");
    let reset = [
        "offsets", "reset", "--to", "earliest", "--topic", topic, "--yes",
    ];
    says(&penstock(&reset, &file)?, 1, "PSK-O007");
    host.condition("PSK-O007")
        .context("it was compiled too soon for this test")?;

    eventually("its own topic is handled", COMPILED, || {
        ensure!(line.dead_letters()? == ["ok late"]);
        Ok(())
    });
    host.ready(SOON)?;
    assert!(host.condition("PSK-O007").is_err());
    assert_eq!(
        stays(&host, &line.input)?,
        before,
        "the first topic was disturbed"
    );
    host.stop()?;

    let mut again = scene.start(&config)?;
    again.ready(SOON)?;
    let log = again.process().log();
    assert!(!log.contains("PSK-O007"), "it was not kept: {log}");
    again.stop()
}

#[test]
fn a_mistake_that_is_found_when_it_is_compiled_ends_the_host_in_order() -> Result<()> {
    let scene = Scene::new("unsuited", 4)?;
    let line = &scene.line;
    line.send(0, &["ok 1"])?;
    let config = line.unruly("h1", "classic")?;
    // Committed by the timer only when the test is long over.
    let config = config.set(&["kafka", "commit-interval"], "10m");
    let config = scene.slow_handler(config, &[]);
    let mut host = scene.start(&config)?;
    eventually("the first topic is handled", SOON, || {
        ensure!(line.outputs()?.len() == 1);
        Ok(())
    });
    host.condition("PSK-O007")?;
    let status = host.wait_exit(COMPILED)?;
    let log = host.process().log();
    assert_eq!(status.code(), Some(2), "{log}");
    line.is_caught_up()?;
    assert_eq!(line.client.classic_members(&line.group)?, [""; 0]);
    // The same report as that of `check`, which finds all of it in the cache.
    let report = String::from_utf8(scene.check(&config)?.stderr)?;
    let shown = |text: &str| text.replace(&scene.folder.path().display().to_string(), "");
    let first = report.lines().next().unwrap_or_default();
    assert!(first.contains("PSK-C013"), "{report}");
    assert!(shown(&log).contains(&shown(first)), "no {first:?} in {log}");
    Ok(())
}

#[test]
fn a_host_with_nothing_to_read_yet_answers_and_ends_when_it_is_told() -> Result<()> {
    let scene = Scene::new("nothing-yet", 8)?;
    let config = scene.line.bare("h1", "classic");
    let config = scene.slow_handler(config, &[("out", &scene.line.dead)]);
    let mut host = scene.start(&config)?;
    eventually("it says what it waits for", SOON, || {
        host.condition("PSK-O007")
    });
    let status = host.status()?;
    assert_eq!(status["state"], "starting", "{status}");
    assert_eq!(host.get("/healthz")?.0, 200);
    let (code, why) = host.get("/readyz")?;
    assert!(code == 503 && why.contains("PSK-O007"), "{code} {why}");
    let told = Instant::now();
    host.sigterm()?;
    let status = host.wait_exit(SOON)?;
    let (took, log) = (told.elapsed(), host.process().log());
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(!log.contains("\"compiled\""), "it was over already: {log}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    Ok(())
}

#[test]
fn check_shows_on_a_terminal_that_it_compiles() -> Result<()> {
    let scene = Scene::new("shown", 1)?;
    let file = scene.file(&scene.both("classic")?)?.display().to_string();
    let mut check = Terminal::run(&["check", "-c", &file], &[])?;
    check.until("compiling heavy.wasm")?;
    check.until("2 topics, 2 handlers")?;
    assert!(check.end()?.success());
    std::fs::remove_dir_all(scene.cache())?;
    let piped = scene.check(&scene.both("classic")?)?;
    assert!(
        piped.status.success() && piped.stderr.is_empty(),
        "{piped:?}"
    );
    Ok(())
}
