//! Rust: cargo, for a target without an operating system.

use anyhow::Result;

use super::Language;
use crate::component::Component;
use crate::project::Project;
use crate::rust::{self, Permission};
use crate::tools;

pub(super) const RUST: Language = Language {
    name: "rust",
    title: "Rust",
    sdk: "sdk",
    test: "cargo test",
    build,
};

fn build(project: &Project) -> Result<Component> {
    tools::find("cargo", "install Rust from https://rustup.rs")?;
    let manifest = project.root().join("Cargo.toml");
    rust::component(&manifest, project.name(), Permission::NotGiven)
}
