//! A plugin's folder, made and built by the host's own commands.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use penstock_tests::program;
use tempfile::TempDir;

/// A folder that `penstock plugin new` made; gone when dropped.
pub struct Project {
    above: TempDir,
    name: String,
    told: String,
}

impl Project {
    /// `penstock plugin new NAME --lang LANGUAGE`, in an empty folder.
    pub fn new(name: &str, language: &str) -> Result<Project> {
        let above = tempfile::tempdir().context("an empty folder")?;
        let mut new = penstock(above.path(), &["plugin", "new", name, "--lang", language])?;
        let told = succeeds(&mut new)?;
        let name = name.to_owned();
        Ok(Project { above, name, told })
    }

    /// The command for its unit tests, as `penstock plugin new` told it after that into the folder.
    pub fn unit_tests(&self) -> Result<&str> {
        let mut commands = self.told.lines().filter_map(|line| line.strip_prefix("  "));
        let command = commands.nth(1);
        command.with_context(|| format!("no second command in {}", self.told))
    }

    /// Its folder.
    pub fn folder(&self) -> PathBuf {
        self.above.path().join(&self.name)
    }

    /// Its component.
    pub fn plugin(&self) -> PathBuf {
        self.folder().join(format!("{}.wasm", self.name))
    }

    /// `penstock …` in its folder.
    pub fn penstock(&self, arguments: &[&str]) -> Result<Command> {
        penstock(&self.folder(), arguments)
    }

    /// A line of the shell in its folder.
    pub fn shell(&self, line: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.folder());
        // This repository's own, as whoever runs the tests may have set it.
        shell.env_remove("CARGO_TARGET_DIR");
        shell
    }

    /// Puts `new` in the place of `old`, which is there once, in a file of its own.
    pub fn change(&self, file: &str, old: &str, new: &str) -> Result<()> {
        let path = self.folder().join(file);
        let text = std::fs::read_to_string(&path).context(file.to_owned())?;
        ensure!(
            text.matches(old).count() == 1,
            "{file} has {old:?} not once"
        );
        std::fs::write(path, text.replace(old, new)).context(file.to_owned())
    }
}

fn penstock(folder: &Path, arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(program("penstock")?);
    command.args(arguments).current_dir(folder);
    command.env("NO_COLOR", "1");
    Ok(command)
}

/// What it wrote to standard output; it must exit with 0.
pub fn succeeds(command: &mut Command) -> Result<String> {
    let output = run(command)?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}:\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).context("UTF-8")
}

/// What it wrote to standard error; it must succeed.
pub fn remarks(command: &mut Command) -> Result<String> {
    fails(command, 0)
}

/// What it wrote to standard error; it must exit with this code.
pub fn fails(command: &mut Command, code: i32) -> Result<String> {
    let output = run(command)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let status = output.status;
    ensure!(
        status.code() == Some(code),
        "{command:?} ended with {status}:\n{said}"
    );
    Ok(said)
}

fn run(command: &mut Command) -> Result<Output> {
    command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{command:?}"))
}
