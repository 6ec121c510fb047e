//! TypeScript: npm brings esbuild and ComponentizeJS, and the SDK runs them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use super::Language;
use crate::component::Component;
use crate::project::Project;
use crate::refused::Refused;
use crate::tools;

pub(super) const TYPESCRIPT: Language = Language {
    name: "typescript",
    title: "TypeScript",
    sdk: "sdk-typescript",
    test: "npm ci && npm test",
    build,
};

/// The first whose test runner and modules are what the SDK needs.
const LEAST: u32 = 20;
const INSTALL: &str = "install Node 20 or later from https://nodejs.org, or with \
     `apt-get install nodejs npm` where that is as new";

const LOCK: &str = "package-lock.json";
const INSTALLED: &str = "node_modules/.package-lock.json";

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
    }
    let component = project.build_folder().join("component.wasm");
    let mut build = Command::new(npm);
    build
        .current_dir(root)
        .args(["run", "--silent", "build", "--", "--out"])
        .arg(&component);
    tools::run(&mut build, "the plugin does not build: see above")?;
    let component = fs::read(component).context("the SDK left no component")?;
    Ok(Component::of_bytes(component)?.written_in(TYPESCRIPT.title))
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

#[derive(Deserialize)]
struct Lock {
    packages: BTreeMap<String, Value>,
}

/// Whether what the lock file names is there, by the list that npm leaves of what it installed: to
/// ask npm itself takes seconds, and to install again many.
fn is_installed(root: &Path) -> bool {
    let packages = |path: &str| {
        let text = fs::read(root.join(path)).ok()?;
        Some(serde_json::from_slice::<Lock>(&text).ok()?.packages)
    };
    let (Some(mut wanted), Some(there)) = (packages(LOCK), packages(INSTALLED)) else {
        return false;
    };
    // The project itself.
    wanted.remove("");
    // Of the optional ones, those of other machines are left out.
    let may_lack = |package: &Value| package["optional"] == true;
    there.iter().all(|(name, of)| wanted.get(name) == Some(of))
        && wanted
            .iter()
            .all(|(name, of)| there.contains_key(name) || may_lack(of))
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
        fs::create_dir(root.join("node_modules")).unwrap();
        let lock = |file: &str, packages: &str| {
            let text = format!(r#"{{"lockfileVersion": 3, "packages": {{{packages}}}}}"#);
            fs::write(root.join(file), text).unwrap();
        };
        let project = r#""": {"name": "grants"}, "#;
        let one = r#""node_modules/one": {"version": "1.0.0"}"#;
        let elsewhere = r#""node_modules/mac": {"version": "1.0.0", "optional": true}"#;
        lock(LOCK, &format!("{project}{one}, {elsewhere}"));
        assert!(!is_installed(root), "nothing is");
        // As `npm ci` leaves it, whoever called it.
        lock(INSTALLED, one);
        assert!(is_installed(root));
        lock(INSTALLED, "");
        assert!(!is_installed(root), "one is missing");
        lock(INSTALLED, &one.replace("1.0.0", "1.0.1"));
        assert!(!is_installed(root), "another version");
        lock(INSTALLED, &format!("{one}, {}", one.replace("one", "two")));
        assert!(!is_installed(root), "one too many");
        fs::write(root.join(INSTALLED), "{").unwrap();
        assert!(!is_installed(root), "no list");
    }
}
