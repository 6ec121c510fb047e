//! A linker for WebAssembly, for toolchains that come without one.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::toolchain::Toolchain;

/// The linker to name to cargo; `None` where the toolchain has its own.
///
/// The linker of another Rust is nearer to what a compiler writes than that of an older LLVM.
pub fn find(toolchain: &Toolchain) -> Result<Option<PathBuf>, Missing> {
    if in_rustlib(&toolchain.rustlib()).is_some() {
        return Ok(None);
    }
    rustup_toolchains()
        .iter()
        .find_map(|sysroot| in_rustlib(&sysroot.join("lib/rustlib")))
        .or_else(|| in_path(&env::var_os("PATH").unwrap_or_default()))
        .map(Some)
        .ok_or(Missing)
}

/// There is no linker for WebAssembly.
#[derive(Debug)]
pub struct Missing;

fn in_rustlib(rustlib: &Path) -> Option<PathBuf> {
    directories(rustlib)
        .into_iter()
        .map(|host| host.join("bin/rust-lld"))
        .find(|linker| linker.is_file())
}

/// Newest first, as far as names tell.
fn rustup_toolchains() -> Vec<PathBuf> {
    let home = env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".rustup")));
    let mut found = home.map_or_else(Vec::new, |home| directories(&home.join("toolchains")));
    found.sort_unstable_by(|a, b| b.cmp(a));
    found
}

fn in_path(path: &OsStr) -> Option<PathBuf> {
    ["rust-lld", "wasm-ld", "lld"].iter().find_map(|name| {
        env::split_paths(path)
            .map(|directory| directory.join(name))
            .find(|program| program.is_file())
    })
}

fn directories(parent: &Path) -> Vec<PathBuf> {
    fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    #[test]
    fn a_toolchains_own_linker_lies_with_its_host() {
        let rustlib = tempfile::tempdir().unwrap();
        touch(&rustlib.path().join("components"));
        fs::create_dir(rustlib.path().join("etc")).unwrap();
        assert_eq!(in_rustlib(rustlib.path()), None);
        let linker = rustlib.path().join("x86_64-unknown-linux-gnu/bin/rust-lld");
        touch(&linker);
        assert_eq!(in_rustlib(rustlib.path()), Some(linker));
    }

    #[test]
    fn in_path_the_name_counts_before_the_place() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = env::join_paths([first.path(), second.path()]).unwrap();
        assert_eq!(in_path(&path), None);
        touch(&first.path().join("lld"));
        assert_eq!(in_path(&path), Some(first.path().join("lld")));
        touch(&second.path().join("wasm-ld"));
        assert_eq!(in_path(&path), Some(second.path().join("wasm-ld")));
    }
}
