//! Settings that a plugin refuses are found by `penstock check`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use penstock_tests::{HostConfig, program};

/// What is given, and what the report must say.
const REFUSED: [(&[(&str, &str)], &str); 3] = [
    (&[], "`word` of `h` is missing"),
    (
        &[("word", "w"), ("count", "many")],
        "expected a whole number, found \"many\"",
    ),
    (&[("word", "w"), ("colour", "red")], "colour"),
];

/// Each is refused with its reason, and what is right is not.
pub fn check(plugin: &Path) -> Result<()> {
    for (settings, why) in REFUSED {
        let (fine, report) = report(plugin, settings)?;
        ensure!(!fine && report.contains(why), "no `{why}` in\n{report}");
    }
    let (fine, report) = report(plugin, &[("word", "w"), ("note", "n")])?;
    ensure!(fine, "{report}");
    Ok(())
}

fn report(plugin: &Path, settings: &[(&str, &str)]) -> Result<(bool, String)> {
    let dir = tempfile::tempdir()?;
    let outputs = [("out", "t.out"), ("about", "t.about")];
    let mut config = HostConfig::new("localhost:1", "g", "h1")
        .handler("h", plugin, &outputs)
        .topic("t", &["h"], "earliest", Some("t.dead"));
    for (name, value) in settings {
        config = config.set(&["handlers", "h", "settings", name], *value);
    }
    check_with(&config, dir.path())
}

/// `penstock check`: whether all is fine, and what it says.
pub fn check_with(config: &HostConfig, dir: &Path) -> Result<(bool, String)> {
    let file = dir.join("penstock.toml");
    std::fs::write(&file, config.toml()?)?;
    let output = Command::new(program("penstock")?)
        .args(["check", "-c"])
        .arg(&file)
        .env("NO_COLOR", "1")
        .output()
        .context("penstock can't be run")?;
    let said = [output.stdout, output.stderr].concat();
    Ok((
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    ))
}
