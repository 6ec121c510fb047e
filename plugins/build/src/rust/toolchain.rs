//! Which of the Rust toolchains here can build for WebAssembly, and how.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::tools::output;

/// The guests' target: WebAssembly without an operating system.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// A cargo, its rustc, and what they bring along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// The program, absolute where it is not the current toolchain's.
    pub cargo: PathBuf,
    /// The program.
    pub rustc: PathBuf,
    /// `rustc --print sysroot`.
    pub sysroot: PathBuf,
    /// As `(1, 95)`.
    pub version: (u32, u32),
    /// Where the target's standard library comes from.
    pub std: Std,
}

/// Where a standard library for [`TARGET`] comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Std {
    /// It is installed.
    Installed,
    /// Its source is: it can be built along.
    Source,
    /// Nowhere.
    Missing,
}

impl Toolchain {
    /// The toolchain in use, as rustup or PATH chooses it.
    pub fn current() -> Result<Self> {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        Self::inspect(current_cargo().get_program().into(), rustc.into())
            .context("no Rust toolchain was found: see https://rustup.rs")
    }

    /// The system's own, if there is one: distributions package a standard library for the target.
    pub fn system() -> Option<Self> {
        let (cargo, rustc) = (Path::new("/usr/bin/cargo"), Path::new("/usr/bin/rustc"));
        (cargo.exists() && rustc.exists())
            .then(|| Self::inspect(cargo.into(), rustc.into()).ok())
            .flatten()
    }

    fn inspect(cargo: PathBuf, rustc: PathBuf) -> Result<Self> {
        let version = output(Command::new(&rustc).arg("--version"))?;
        let sysroot = output(Command::new(&rustc).args(["--print", "sysroot"]))?;
        let sysroot = PathBuf::from(sysroot.trim_end());
        let version = version.split(' ').nth(1).and_then(parse_version);
        let mut toolchain = Toolchain {
            cargo,
            rustc,
            sysroot,
            version: version.context("rustc has an unexpected version")?,
            std: Std::Missing,
        };
        if toolchain.rustlib().join(TARGET).join("lib").is_dir() {
            toolchain.std = Std::Installed;
        } else if toolchain.rustlib().join("src/rust/library/std").is_dir() {
            toolchain.std = Std::Source;
        }
        Ok(toolchain)
    }

    /// Whether it is at least of a version.
    pub fn is_at_least(&self, least: Option<(u32, u32)>) -> bool {
        least.is_none_or(|least| self.version >= least)
    }

    /// Where compiled standard libraries and tools lie.
    pub fn rustlib(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib")
    }

    /// Where the standard library's source lies, if it is installed: as rustc is told, and, where
    /// that is a link, as it is in truth.
    pub fn sources(&self) -> Vec<PathBuf> {
        let source = self.rustlib().join("src/rust");
        match source.canonicalize() {
            Ok(target) if target != source => vec![source, target],
            _ => vec![source],
        }
    }
}

/// The first that has the standard library, then the first that can build it; none that is too old.
pub fn choose(toolchains: &[Toolchain], least: Option<(u32, u32)>) -> Option<&Toolchain> {
    [Std::Installed, Std::Source].iter().find_map(|wanted| {
        toolchains
            .iter()
            .find(|one| one.is_at_least(least) && one.std == *wanted)
    })
}

/// `1.95` of `1.95.0-nightly`.
pub fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The cargo that runs this program, or the one in PATH.
pub fn current_cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toolchain(name: &str, version: (u32, u32), std: Std) -> Toolchain {
        Toolchain {
            cargo: name.into(),
            rustc: name.into(),
            sysroot: name.into(),
            version,
            std,
        }
    }

    #[test]
    fn an_installed_standard_library_beats_one_to_build() {
        let source = toolchain("source", (1, 99), Std::Source);
        let installed = toolchain("installed", (1, 95), Std::Installed);
        let missing = toolchain("missing", (1, 99), Std::Missing);
        let all = [missing.clone(), source.clone(), installed.clone()];
        assert_eq!(choose(&all, Some((1, 95))), Some(&installed));
        assert_eq!(choose(&all, Some((1, 96))), Some(&source));
        assert_eq!(choose(&all, Some((2, 0))), None);
        assert_eq!(choose(&all, None), Some(&installed));
        assert_eq!(choose(&[missing], None), None);
    }

    #[test]
    fn versions() {
        assert_eq!(parse_version("1.95.0-nightly"), Some((1, 95)));
        assert_eq!(parse_version("1.95"), Some((1, 95)));
        assert_eq!(parse_version("1"), None);
        assert_eq!(parse_version("unknown"), None);
        assert!(parse_version("1.100") > parse_version("1.95.2"));
    }
}
