//! A toolchain for WebAssembly: found, or installed.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::linker;
use super::toolchain::{Std, TARGET, Toolchain, choose};
use super::workspace::Workspace;
use crate::refused::Refused;

/// Whether the system's package manager may install what is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// It may.
    Given,
    /// The command is named instead.
    NotGiven,
}

/// Debian's and Ubuntu's packages: compiler, cargo and the standard library's source, one version.
const PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];

/// What is here; or what rustup brings; or what the system's packages bring.
pub fn toolchain(workspace: &Workspace, permission: Permission) -> Result<Toolchain> {
    let least = workspace.rust_version();
    let current = Toolchain::current()?;
    let mut found = vec![current];
    found.extend(Toolchain::system());

    // A standard library that was built before is there; rustup would have had its chance then.
    let chosen = choose(&found, least);
    let built_before = workspace.target_dir().join("guests").join(TARGET).exists();
    if let Some(chosen) = chosen
        && (chosen.std == Std::Installed || built_before)
        && linker::find(chosen).is_ok()
    {
        return Ok(chosen.clone());
    }
    if let Some(with_target) = rustup_add() {
        return Ok(with_target);
    }
    match chosen {
        Some(chosen) if linker::find(chosen).is_ok() => Ok(chosen.clone()),
        Some(_) => apt_install(&["lld"], permission, least),
        None => apt_install(&PACKAGES, permission, least),
    }
}

/// The current toolchain with the target added; `None` without rustup or without its server.
fn rustup_add() -> Option<Toolchain> {
    // Without a network it answers at once, and within half a minute where nothing answers it.
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .env("RUSTUP_MAX_RETRIES", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let current = Toolchain::current().ok()?;
    (added && current.std == Std::Installed).then_some(current)
}

fn apt_install(
    packages: &[&str],
    permission: Permission,
    least: Option<(u32, u32)>,
) -> Result<Toolchain> {
    let mut packages = packages.to_vec();
    if Toolchain::system().is_none_or(|system| linker::find(&system).is_err())
        && !packages.contains(&"lld")
    {
        packages.push("lld");
    }
    let by_hand = || {
        Refused::new(
            "no Rust toolchain here can build for WebAssembly",
            format!(
                "run `rustup target add {TARGET}`, or as root `apt-get install {}`, and try again",
                packages.join(" ")
            ),
        )
    };
    if permission == Permission::NotGiven || !is_root() || !Path::new("/usr/bin/apt-get").exists() {
        return Err(by_hand().into());
    }
    eprintln!("installing {} (Rust for WebAssembly)", packages.join(", "));
    if !apt_get(&["install", "-y", "--no-install-recommends"], &packages)? {
        apt_get(&["update"], &[])?;
        if !apt_get(&["install", "-y", "--no-install-recommends"], &packages)? {
            return Err(by_hand().into());
        }
    }
    let system = Toolchain::system().context("apt-get has installed no Rust in /usr/bin")?;
    match choose(std::slice::from_ref(&system), least) {
        Some(chosen) => Ok(chosen.clone()),
        None => bail!(
            "the system's Rust is {}.{}, too old for these plugins: run `rustup target add {TARGET}`",
            system.version.0,
            system.version.1,
        ),
    }
}

fn apt_get(arguments: &[&str], packages: &[&str]) -> Result<bool> {
    let status = Command::new("/usr/bin/apt-get")
        .args(arguments)
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("apt-get can't be run")?;
    Ok(status.success())
}

fn is_root() -> bool {
    // SAFETY: geteuid reads a number of this process and can't fail.
    unsafe { libc::geteuid() == 0 }
}
