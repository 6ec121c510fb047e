//! TypeScript: npm brings esbuild and ComponentizeJS, and the SDK runs them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Language;
use crate::component::Component;
use crate::project::Project;
use crate::refused::Refused;
use crate::tools;

pub(super) const TYPESCRIPT: Language = Language {
    name: "typescript",
    title: "TypeScript",
    sdk: "sdk-typescript",
    test: "npm test",
    build,
};

/// The first whose test runner and modules are what the SDK needs.
const LEAST: u32 = 20;
const INSTALL: &str = "install Node 20 or later from https://nodejs.org, or with \
     `apt-get install nodejs npm` where that is as new";

/// Where npm puts what the lock file names.
const PACKAGES: &str = "node_modules";
const LOCK: &str = "package-lock.json";

fn build(project: &Project) -> Result<Component> {
    check_node()?;
    let npm = tools::find("npm", INSTALL)?;
    let root = project.root();
    if !is_installed(root) {
        let mut install = Command::new(&npm);
        // No package needs its scripts, and none is to run any.
        install.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        tools::run(
            install.current_dir(root),
            "npm could not install the tools: see above",
        )?;
        fs::copy(root.join(LOCK), installed(root)).context("cannot mark what is installed")?;
    }
    let component = project.build_folder().join("component.wasm");
    let mut build = Command::new(npm);
    build
        .current_dir(root)
        .args(["run", "--silent", "build", "--", "--out"])
        .arg(&component);
    tools::run(&mut build, "the plugin does not build: see above")?;
    Component::of_bytes(fs::read(component).context("the SDK left no component")?)
}

fn check_node() -> Result<()> {
    let node = tools::find("node", INSTALL)?;
    let version = tools::output(Command::new(node).arg("--version"))?;
    match major(&version) {
        Some(major) if major < LEAST => {
            let what = format!("`node` is too old: {}", version.trim());
            Err(Refused::new(what, INSTALL).into())
        }
        _ => Ok(()),
    }
}

/// 20 of `v20.1.0`.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// The lock file of what is installed: it takes seconds to ask npm.
fn installed(root: &Path) -> PathBuf {
    root.join(PACKAGES).join(".penstock-installed.json")
}

fn is_installed(root: &Path) -> bool {
    let read = |path: &Path| fs::read(path).ok();
    let there = read(&installed(root));
    there.is_some() && there == read(&root.join(LOCK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v9.0.0"), Some(9));
        assert_eq!(major("nightly"), None);
    }

    #[test]
    fn what_another_lock_file_brought_is_installed_anew() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join(PACKAGES)).unwrap();
        assert!(!is_installed(root));
        fs::write(root.join(LOCK), "one").unwrap();
        fs::copy(root.join(LOCK), installed(root)).unwrap();
        assert!(is_installed(root));
        fs::write(root.join(LOCK), "another").unwrap();
        assert!(!is_installed(root));
    }
}
