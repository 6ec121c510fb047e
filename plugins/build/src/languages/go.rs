//! Go: the usual compiler, for WASI 0.1; the component adapter makes WASI 0.2 of that.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::Language;
use crate::component::Component;
use crate::project::Project;
use crate::refused::Refused;
use crate::tools;

pub(super) const GO: Language = Language {
    name: "go",
    title: "Go",
    sdk: "sdk-go",
    test: "go test ./...",
    build,
};

/// The first with `go:wasmexport` and `-buildmode=c-shared` for it is 1.24; the bindings need 1.25.
const LEAST: (u32, u32) = (1, 25);
const INSTALL: &str = "install Go 1.25 or later from https://go.dev/dl, or with `apt-get install golang-go` where \
     that is as new";

fn build(project: &Project) -> Result<Component> {
    let go = find()?;
    let module = project.build_folder().join("module.wasm");
    let mut command = Command::new(go);
    command
        .current_dir(project.root())
        .env("GOOS", "wasip1")
        .env("GOARCH", "wasm")
        .args(["build", "-buildmode=c-shared", "-trimpath"])
        // The bindings' allocator reaches into the runtime, for calls before it has started.
        .arg("-ldflags=-checklinkname=0")
        .arg("-o")
        .arg(&module)
        .arg(".");
    tools::run(&mut command, "the plugin does not build: see above")?;
    let module = fs::read(&module).context("go left no module")?;
    Component::of_module(module, &project.contract())
}

fn find() -> Result<PathBuf> {
    let go = tools::find("go", INSTALL)?;
    let version = tools::output(Command::new(&go).args(["env", "GOVERSION"]))?;
    match parse(&version) {
        Some(version) if version < LEAST => {
            let (major, minor) = version;
            let what = format!("`go` is too old: {major}.{minor}");
            Err(Refused::new(what, INSTALL).into())
        }
        // A development version has no number.
        _ => Ok(go),
    }
}

/// `(1, 26)` of `go1.26.8`.
fn parse(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim().strip_prefix("go")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(parse("go1.26.8\n"), Some((1, 26)));
        assert_eq!(parse("devel go1.27-abc"), None);
        assert!(parse("go1.9.7") < Some(LEAST));
    }
}
