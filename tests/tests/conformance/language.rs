//! The languages, and what differs between them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use penstock_tests::plugin;

/// A language with its conformance plugin.
pub struct Language {
    /// As people write it.
    pub name: &'static str,
    /// Its plugin's source, from `tests/conformance`.
    pub source: &'static str,
    /// What the dead letter of a broken handler is: a crash that the SDK caught, or a trap.
    pub broken: &'static str,
    /// What the dead letter of a handler that traps is.
    pub trap: &'static str,
    /// Whether what the language prints reaches the log.
    pub prints: bool,
    /// Where its component comes from.
    pub built: Built,
}

/// Where a component comes from.
pub enum Built {
    /// `make build` has built it.
    Already(&'static str),
}

/// Rust.
pub const RUST: Language = Language {
    name: "Rust",
    source: "rust/src/lib.rs",
    broken: "PSK-H004",
    trap: "PSK-H004",
    prints: false,
    built: Built::Already("conformance"),
};

impl Language {
    /// The component's file.
    pub fn build(&self) -> Result<PathBuf> {
        match self.built {
            Built::Already(name) => plugin(name),
        }
    }

    /// The source's file name, and the line of it with the comment `HERE`.
    pub fn broken_at(&self) -> Result<(String, usize)> {
        let path = folder().join(self.source);
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let line = text.lines().position(|line| line.contains("HERE"));
        let line = line.with_context(|| format!("no HERE in {}", path.display()))?;
        let name = path.file_name().context("a file has a name")?;
        Ok((name.to_string_lossy().into_owned(), line + 1))
    }
}

/// `tests/conformance`
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance")
}
