//! Rust: the toolchain for WebAssembly, the cargo call, and the debug information that is kept.

mod guests;
mod install;
mod linker;
pub(crate) mod slim;
mod toolchain;
mod workspace;

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::component::{Built, Component};
pub use install::Permission;
use toolchain::Toolchain;
use workspace::{Handler, Workspace};

/// One package of a workspace, into a component.
pub(crate) fn component(
    manifest: &Path,
    package: &str,
    permission: Permission,
) -> Result<Component> {
    let workspace = Workspace::load(Some(manifest))?;
    let handlers = workspace.handlers(&[package.to_owned()])?;
    compile(&workspace, &handlers, permission)?;
    of_artifact(&workspace, &handlers[0])
}

/// Builds packages of a workspace that are handlers, or all of them, and writes each component to
/// `out_dir`, by default `target/plugins` of the workspace.
///
/// # Errors
/// No toolchain can build for WebAssembly; a package is none, is no handler or does not build; a
/// file can't be written.
pub fn build_workspace(
    manifest: Option<&Path>,
    packages: &[String],
    out_dir: Option<&Path>,
    permission: Permission,
) -> Result<Vec<Built>> {
    let begun = Instant::now();
    let workspace = Workspace::load(manifest)?;
    let handlers = workspace.handlers(packages)?;
    compile(&workspace, &handlers, permission)?;
    let plugins = workspace.target_dir().join("plugins");
    let out_dir = out_dir.unwrap_or(&plugins);
    handlers
        .iter()
        .map(|handler| {
            let path = out_dir.join(format!("{}.wasm", handler.package));
            of_artifact(&workspace, handler)?.write(&path, begun)
        })
        .collect()
}

fn compile(workspace: &Workspace, handlers: &[Handler], permission: Permission) -> Result<()> {
    let toolchain: Toolchain = install::toolchain(workspace, permission)?;
    guests::build(workspace, handlers, &toolchain)
}

fn of_artifact(workspace: &Workspace, handler: &Handler) -> Result<Component> {
    let name = &handler.package;
    let module = fs::read(guests::artifact(workspace, handler))
        .with_context(|| format!("cargo left no module of {name}"))?;
    slim::slim(&module)
        .and_then(|module| Component::of_typed_module(&module))
        .with_context(|| {
            format!("{name} is no handler; does its crate say `penstock_sdk::export!(…)`?")
        })
}
