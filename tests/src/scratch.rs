//! Temporary folders that are gone afterwards, also after a killed test run.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use tempfile::TempDir;

const PREFIX: &str = "penstock-tests-";

/// A new folder, removed when dropped; removes what killed test runs left behind.
pub(crate) fn scratch_dir() -> Result<TempDir> {
    let root = std::env::temp_dir();
    sweep(&root);
    tempfile::Builder::new()
        .prefix(&format!("{PREFIX}{}-", std::process::id()))
        .tempdir_in(&root)
        .context("cannot create a temporary folder")
}

/// Removes the folders of processes that are no more. Whatever can't be removed stays.
fn sweep(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split('-').next());
        let gone = owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists());
        if gone && let Err(error) = fs::remove_dir_all(entry.path()) {
            eprintln!("left {}: {error}", entry.path().display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_of_dead_processes_are_swept() -> Result<()> {
        let root = tempfile::tempdir()?;
        // Process numbers end far below this on Linux.
        let dead = root.path().join(format!("{PREFIX}4194999-a"));
        let alive = root
            .path()
            .join(format!("{PREFIX}{}-a", std::process::id()));
        let foreign = root.path().join("something-4194999-a");
        for dir in [&dead, &alive, &foreign] {
            fs::create_dir(dir)?;
        }
        sweep(root.path());
        assert!(!dead.exists() && alive.exists() && foreign.exists());
        Ok(())
    }
}
