//! What a language costs: a start without and with the cache, a record, memory, size.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use penstock_tests::{Host, HostConfig, Outgoing};

use crate::language::Language;
use crate::refusals::check_with;
use crate::stage::Stage;

/// So many records, of which each goes through the interpreter once.
const RECORDS: usize = 20_000;
const READY: Duration = Duration::from_secs(120);

/// As a purchase: the usual size.
const VALUE: &str = r#"{"eventId":"e1","type":"PURCHASE_CONFIRMED","userId":"u7","courseId":"c3","amount":4999,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z","source":"web","campaign":"new-year","note":"a field that nobody reads, to make it the usual size"}"#;

/// What the page says of a language.
pub struct Figures {
    /// The component's size.
    pub bytes: u64,
    /// `penstock check`, which compiles, and asks the plugin what it is.
    pub cold: Duration,
    /// The same with what was compiled before.
    pub warm: Duration,
    /// One call of `handle`.
    pub call: Duration,
    /// The host's resident memory with one instance, after all these records.
    pub resident_bytes: u64,
}

/// Runs it alone, with a cache of its own.
pub fn measure(stage: &Stage, language: &Language, plugin: &Path) -> Result<Figures> {
    let dir = tempfile::tempdir()?;
    let group = format!("{}-figures", language.name.to_lowercase());
    let name = format!("{group}-input");
    let record = Outgoing::to(&name).partition(0).key("u7").value(VALUE);
    stage.add(&name, &vec![record; RECORDS])?;
    let config = stage.host(&group).set(&["log", "records"], "off").set(
        &["host", "cache"],
        dir.path().join("cache").display().to_string(),
    );
    let config = stage.handler(config, &name, plugin)?;
    let cold = timed(&config, dir.path())?;
    let warm = timed(&config, dir.path())?;

    let mut host = Host::start_with_cache(&config, &dir.path().join("cache"))?;
    host.ready(READY)?;
    stage.caught_up(&group, &name);
    let metrics = host.metrics()?;
    let seconds = metric(&metrics, "penstock_handler_call_seconds_sum")?;
    let calls = metric(&metrics, "penstock_handler_call_seconds_count")?;
    let resident = metric(&metrics, "process_resident_memory_bytes")?;
    host.stop()?;
    Ok(Figures {
        bytes: fs::metadata(plugin)?.len(),
        cold,
        warm,
        call: Duration::from_secs_f64(seconds / calls),
        resident_bytes: resident as u64,
    })
}

fn timed(config: &HostConfig, dir: &Path) -> Result<Duration> {
    let begun = Instant::now();
    let (fine, report) = check_with(config, dir)?;
    ensure!(fine, "{report}");
    Ok(begun.elapsed())
}

fn metric(text: &str, name: &str) -> Result<f64> {
    let line = text.lines().find(|line| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with(['{', ' ']))
    });
    let value = line.and_then(|line| line.rsplit_once(' '));
    let (_, value) = value.with_context(|| format!("no {name}"))?;
    Ok(value.parse()?)
}
