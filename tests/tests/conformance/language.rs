//! The languages, and what differs between them.

use std::fs;
use std::path::{Path, PathBuf};
#[cfg(feature = "languages")]
use std::process::Command;

use anyhow::{Context, Result};
use penstock_tests::plugin;
#[cfg(feature = "languages")]
use penstock_tests::{program, target_dir};

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
    /// The source takes the place of the handler in a project of `penstock plugin new`.
    #[cfg(feature = "languages")]
    Project {
        /// As in `--lang`.
        lang: &'static str,
        /// Where the source goes.
        handler: &'static str,
    },
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

/// TypeScript.
#[cfg(feature = "languages")]
pub const TYPESCRIPT: Language = Language {
    name: "TypeScript",
    source: "typescript/handler.ts",
    broken: "PSK-H003",
    trap: "PSK-H005",
    prints: true,
    built: Built::Project {
        lang: "typescript",
        handler: "src/handler.ts",
    },
};

/// Python.
#[cfg(feature = "languages")]
pub const PYTHON: Language = Language {
    name: "Python",
    source: "python/handler.py",
    broken: "PSK-H003",
    trap: "PSK-H004",
    prints: true,
    built: Built::Project {
        lang: "python",
        handler: "src/handler.py",
    },
};

/// Go.
#[cfg(feature = "languages")]
pub const GO: Language = Language {
    name: "Go",
    source: "go/handler.go",
    broken: "PSK-H003",
    trap: "PSK-H004",
    prints: true,
    built: Built::Project {
        lang: "go",
        handler: "handler.go",
    },
};

/// C.
#[cfg(feature = "languages")]
pub const C: Language = Language {
    name: "C",
    source: "c/handler.c",
    broken: "PSK-H004",
    trap: "PSK-H004",
    prints: true,
    built: Built::Project {
        lang: "c",
        handler: "src/handler.c",
    },
};

impl Language {
    /// The component's file.
    pub fn build(&self) -> Result<PathBuf> {
        match self.built {
            Built::Already(name) => plugin(name),
            #[cfg(feature = "languages")]
            Built::Project { lang, handler } => {
                let project = project(lang)?;
                fs::copy(folder().join(self.source), project.join(handler))
                    .with_context(|| format!("cannot copy {}", self.source))?;
                penstock(&["plugin", "build"], &project)?;
                Ok(project.join("conformance.wasm"))
            }
        }
    }

    /// The source's file name, and the line of it with the comment `HERE`.
    pub fn broken_at(&self) -> Result<(String, usize)> {
        let path = folder().join(self.source);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
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

/// A project as `penstock plugin new` makes it, with what tools were installed there before.
#[cfg(feature = "languages")]
fn project(lang: &str) -> Result<PathBuf> {
    const KEPT: [&str; 2] = ["build", "node_modules"];
    let folder = target_dir()?.join("conformance").join(lang);
    let made = folder.join("new");
    let project = folder.join("conformance");
    for stale in [&made, &project] {
        fs::create_dir_all(stale)?;
    }
    fs::remove_dir_all(&made)?;
    penstock(
        &["plugin", "new", "--lang", lang],
        &made.join("conformance"),
    )?;
    for kept in KEPT.iter().filter(|kept| project.join(kept).exists()) {
        fs::rename(project.join(kept), made.join("conformance").join(kept))?;
    }
    fs::remove_dir_all(&project)?;
    fs::rename(made.join("conformance"), &project)?;
    Ok(project)
}

#[cfg(feature = "languages")]
fn penstock(command: &[&str], folder: &Path) -> Result<()> {
    let output = Command::new(program("penstock")?)
        .args(command)
        .arg(folder)
        .output()
        .context("penstock can't be run")?;
    anyhow::ensure!(
        output.status.success(),
        "penstock {}: {}",
        command.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
