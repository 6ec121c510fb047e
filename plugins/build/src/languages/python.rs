//! Python: pip brings componentize-py into a virtual environment of the project's own.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::Language;
use crate::component::Component;
use crate::project::Project;
use crate::refused::Refused;
use crate::tools;

pub(super) const PYTHON: Language = Language {
    name: "python",
    title: "Python",
    sdk: "sdk-python",
    test: "PYTHONPATH=src:sdk python3 -m unittest discover test",
    build,
};

/// The SDK's own needs: groups of exceptions.
const LEAST: (u32, u32) = (3, 11);
const INSTALL: &str = "install Python 3.11 or later from https://www.python.org, or with \
     `apt-get install python3 python3-venv` where that is as new";

const PINNED: &str = "requirements.txt";

fn build(project: &Project) -> Result<Component> {
    let root = project.root();
    let environment = project.build_folder().join("venv");
    install(root, &environment)?;
    let component = project.build_folder().join("component.wasm");
    let mut build = Command::new(environment.join("bin/componentize-py"));
    build
        .current_dir(root)
        // What else the environment holds may be imported.
        .env("VIRTUAL_ENV", &environment)
        // Of a module that does not load, Python's own trace says enough.
        .env("RUST_BACKTRACE", "0")
        .args(["--quiet", "--world", "plugin", "--wit-path"])
        .arg(project.contract())
        .args(["componentize", "penstock.component"])
        .args(["--python-path", "src", "--python-path", "sdk", "--output"])
        .arg(&component);
    tools::run(&mut build, "the plugin does not build: see above")?;
    let component = fs::read(component).context("componentize-py left no component")?;
    Ok(Component::of_bytes(component)?.written_in(PYTHON.title))
}

/// The environment with what is pinned, made anew when that changed.
fn install(root: &Path, environment: &Path) -> Result<()> {
    let python = tools::find("python3", INSTALL)?;
    let pinned = root.join(PINNED);
    let wanted = fs::read(&pinned).with_context(|| format!("{}", pinned.display()))?;
    let installed = environment.join("penstock-installed.txt");
    if fs::read(&installed).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    let version = tools::output(Command::new(&python).arg("--version"))?;
    if parse(&version).is_some_and(|version| version < LEAST) {
        let what = format!("`python3` is too old: {}", version.trim());
        return Err(Refused::new(what, INSTALL).into());
    }
    let mut make = Command::new(python);
    make.args(["-m", "venv", "--clear"]).arg(environment);
    tools::run(
        &mut make,
        "python3 could not make an environment: see above, or `apt-get install python3-venv`",
    )?;
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"])
        .args(["--require-hashes", "--requirement"])
        .arg(pinned);
    tools::run(&mut pip, "pip could not install the tools: see above")?;
    fs::write(installed, wanted).context("cannot mark what is installed")
}

/// `(3, 11)` of `Python 3.11.7`.
fn parse(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim().strip_prefix("Python ")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(parse("Python 3.11.7\n"), Some((3, 11)));
        assert!(parse("Python 3.9.2") < Some(LEAST));
        assert_eq!(parse("PyPy"), None);
    }
}
