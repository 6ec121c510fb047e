//! The cargo call that builds the handlers' core modules.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::linker;
use super::toolchain::{Std, TARGET, Toolchain};
use super::workspace::{Handler, Workspace};

/// Where the standard library's files seem to lie: what its makers name ends in a commit.
pub const STD: &str = "/rustc";

/// Where the files of crates from registries seem to lie.
pub const CRATES: &str = "/cargo";

/// Build all of them at once; cargo says how it goes.
pub fn build(workspace: &Workspace, handlers: &[Handler], toolchain: &Toolchain) -> Result<()> {
    let mut cargo = Command::new(&toolchain.cargo);
    cargo
        .args(["build", "--profile", "guest", "--target", TARGET])
        .arg("--target-dir")
        .arg(target_dir(workspace))
        .current_dir(workspace.root())
        .env("RUSTC", &toolchain.rustc)
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags(workspace, toolchain));
    for handler in handlers {
        cargo.args(["--package", &handler.package]);
    }
    if toolchain.std == Std::Source {
        // -Z is for nightly compilers; this is how a stable one is told that it may.
        cargo
            .arg("-Zbuild-std=std,panic_abort")
            .env("RUSTC_BOOTSTRAP", "1");
    }
    match linker::find(toolchain) {
        Ok(Some(linker)) => {
            cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        Ok(None) => {}
        Err(linker::Missing) => bail!("there is no linker for WebAssembly: install `lld`"),
    }
    let status = cargo
        .status()
        .with_context(|| format!("{} can't be run", toolchain.cargo.display()))?;
    if !status.success() {
        bail!("the handlers don't build: see above");
    }
    Ok(())
}

/// The core module that [`build`] makes of a handler.
pub fn artifact(workspace: &Workspace, handler: &Handler) -> PathBuf {
    target_dir(workspace)
        .join(TARGET)
        .join("guest")
        .join(format!("{}.wasm", handler.library))
}

fn cargo_home() -> PathBuf {
    let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default());
    env::var_os("CARGO_HOME").map_or_else(|| home().join(".cargo"), PathBuf::from)
}

fn target_dir(workspace: &Workspace) -> PathBuf {
    workspace.target_dir().join("guests")
}

/// In cargo's encoding, in which a path may hold spaces.
fn rustflags(workspace: &Workspace, toolchain: &Toolchain) -> OsString {
    let mut flags = OsString::from("-Ctarget-feature=+simd128,+bulk-memory");
    let mut remap = |from: &Path, to: &str| {
        flags.push("\u{1f}--remap-path-prefix=");
        flags.push(from);
        flags.push("=");
        flags.push(to);
    };
    // What a trap shows is a path of the repository, not of the machine that built it.
    remap(workspace.root(), "");
    for source in toolchain.sources() {
        remap(&source, STD);
    }
    remap(&cargo_home(), CRATES);
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_machine_are_renamed() {
        let workspace = Workspace::for_tests("/home/me/my plugins");
        let toolchain = Toolchain {
            cargo: "cargo".into(),
            rustc: "rustc".into(),
            sysroot: "/opt/rust".into(),
            version: (1, 95),
            std: Std::Installed,
        };
        let flags = rustflags(&workspace, &toolchain).into_string().unwrap();
        let flags: Vec<&str> = flags.split('\u{1f}').collect();
        assert_eq!(flags[0], "-Ctarget-feature=+simd128,+bulk-memory");
        assert_eq!(flags[1], "--remap-path-prefix=/home/me/my plugins=");
        assert_eq!(
            flags[2],
            "--remap-path-prefix=/opt/rust/lib/rustlib/src/rust=/rustc"
        );
        assert!(flags[3].ends_with("=/cargo"), "{flags:?}");
        assert_eq!(flags.len(), 4);
    }

    #[test]
    fn a_module_is_named_after_its_library() {
        let handler = Handler {
            package: "my-plugin".to_owned(),
            library: "my_plugin".to_owned(),
        };
        assert_eq!(
            artifact(&Workspace::for_tests("/ws"), &handler),
            Path::new("/ws/target/guests/wasm32-unknown-unknown/guest/my_plugin.wasm")
        );
    }
}
