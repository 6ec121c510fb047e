//! Where the build puts things, seen from the running test.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// `target/<profile>`: the folder of the host's binary.
fn profile_dir() -> Result<PathBuf> {
    let exe = std::env::current_exe().context("where this test program lies")?;
    let dir = exe.parent().context("a program lies in a folder")?;
    Ok(match dir.file_name() {
        Some(name) if name == "deps" => dir.parent().unwrap_or(dir).to_path_buf(),
        _ => dir.to_path_buf(),
    })
}

/// `target`.
///
/// # Errors
/// When the running program doesn't say where it lies.
pub fn target_dir() -> Result<PathBuf> {
    let profile = profile_dir()?;
    Ok(profile.parent().unwrap_or(&profile).to_path_buf())
}

/// A program of this workspace, built in the same profile as the running test.
///
/// # Errors
/// When it isn't built.
pub fn program(name: &str) -> Result<PathBuf> {
    let path = profile_dir()?.join(name);
    ensure!(
        path.is_file(),
        "`{}` is not built; run `make build`",
        path.display()
    );
    Ok(path)
}

/// A built plugin, by its name without `.wasm`.
///
/// # Errors
/// When it isn't built.
pub fn plugin(name: &str) -> Result<PathBuf> {
    let file = format!("{name}.wasm");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let places = [target_dir()?, workspace].map(|target| target.join("plugins").join(&file));
    places
        .iter()
        .find(|path| path.is_file())
        .map(|path| path.canonicalize().unwrap_or_else(|_| path.clone()))
        .with_context(|| format!("`{}` is not built; run `make build`", places[0].display()))
}
