//! From the start of the process to its first assignment, with ten plugins.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use penstock_tests::{plugin, unique};
use tempfile::TempDir;

use crate::bench::{Bench, PARTITIONS};
use crate::subject::{Job, Running, Subject, base_config, start_host_with_cache};

const PLUGINS: usize = 10;

/// Milliseconds of each round.
#[derive(Debug, Default)]
pub(crate) struct Startups {
    pub(crate) bare: Vec<f64>,
    /// Every plugin was compiled before.
    pub(crate) warm: Vec<f64>,
    /// None was.
    pub(crate) cold: Vec<f64>,
}

pub(crate) fn measure(bench: &Bench) -> Result<Startups> {
    let dir = tempfile::tempdir()?;
    let plugins = ten_plugins(&dir)?;
    let input = bench.topic("started", &[])?;
    let output = bench.topic("granted", &[])?;
    let dead_letter = bench.topic("dead", &[])?;
    let host = |cache: &Path| {
        let mut config = base_config(bench.broker.bootstrap(), &unique("start"));
        let names: Vec<String> = (0..PLUGINS).map(|n| format!("handler-{n}")).collect();
        for (name, plugin) in names.iter().zip(&plugins) {
            config = config.handler(name, plugin, &[("access-granted", &output)]);
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let config = config.topic(&input, &names, "earliest", Some(&dead_letter));
        start_host_with_cache(&config, cache)
    };
    let bare = || {
        Subject::Bare.start(&Job {
            bootstrap: bench.broker.bootstrap(),
            group: &unique("start"),
            input: &input,
            output: &output,
            dead_letter: &dead_letter,
        })
    };

    let mut result = Startups::default();
    for round in 0..bench.amount.rounds {
        bench.progress.step(format!(
            "start, round {} of {}",
            round + 1,
            bench.amount.rounds
        ));
        let cache = tempfile::tempdir()?;
        result.bare.push(time(bare)?);
        result.cold.push(time(|| host(cache.path()))?);
        result.warm.push(time(|| host(cache.path()))?);
    }
    let Startups { bare, warm, cold } = &result;
    bench.progress.result(&format!(
        "ms: bare {bare:.0?}, warm {warm:.0?}, cold {cold:.0?}"
    ));
    Ok(result)
}

fn time(start: impl FnOnce() -> Result<Running>) -> Result<f64> {
    let clock = Instant::now();
    let mut running = start()?;
    running.ready(PARTITIONS)?;
    let took = clock.elapsed().as_secs_f64() * 1e3;
    running.stop()?;
    Ok(took)
}

/// Ten files of different digests, so that each is compiled and cached by itself.
fn ten_plugins(dir: &TempDir) -> Result<Vec<PathBuf>> {
    let plugin = fs::read(plugin("purchase-to-access")?)?;
    (0..PLUGINS)
        .map(|number| {
            let path = dir.path().join(format!("plugin-{number}.wasm"));
            let mut copy = plugin.clone();
            copy.extend(custom_section(&[u8::try_from(number)?]));
            fs::write(&path, copy).context("cannot write a plugin's copy")?;
            Ok(path)
        })
        .collect()
}

/// A section of WebAssembly that says nothing to an engine.
fn custom_section(content: &[u8; 1]) -> Vec<u8> {
    const NAME: &[u8] = b"copy";
    let body = [&[NAME.len() as u8], NAME, content].concat();
    [&[0, body.len() as u8], body.as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_has_its_length() {
        assert_eq!(custom_section(b"7"), b"\x00\x06\x04copy7");
    }
}
