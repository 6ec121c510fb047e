//! C: clang and wasm-ld with wasi-libc, as Debian packages them or as the WASI SDK does.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Language;
use crate::component::Component;
use crate::project::Project;
use crate::refused::Refused;
use crate::rust::slim;
use crate::tools;

pub(super) const C: Language = Language {
    name: "c",
    title: "C",
    sdk: "sdk-c",
    test: "make test",
    build,
};

const INSTALL: &str = "apt-get install clang lld wasi-libc libclang-rt-dev-wasm32";

/// The compiler, and where libc and the compiler's own library lie if it does not know itself.
struct Toolchain {
    clang: PathBuf,
    sysroot: Option<PathBuf>,
}

impl Toolchain {
    fn find() -> Result<Toolchain, Refused> {
        if let Some(sdk) = env::var_os("WASI_SDK_PATH") {
            let clang = PathBuf::from(&sdk).join("bin/clang");
            let sysroot = None;
            return match clang.is_file() {
                true => Ok(Toolchain { clang, sysroot }),
                false => Err(tools::missing(
                    &clang.to_string_lossy(),
                    "let WASI_SDK_PATH name the folder of a WASI SDK, or unset it",
                )),
            };
        }
        let clang = tools::find("clang", INSTALL)?;
        tools::find("wasm-ld", INSTALL)?;
        match Path::new("/usr/include/wasm32-wasi/stdlib.h").is_file() {
            // Debian's clang looks into /usr by itself.
            true => Ok(Toolchain {
                clang,
                sysroot: Some("/usr".into()),
            }),
            false => Err(tools::missing("wasi-libc", INSTALL)),
        }
    }
}

fn build(project: &Project) -> Result<Component> {
    let toolchain = Toolchain::find()?;
    let module = project.build_folder().join("module.wasm");
    let mut clang = Command::new(&toolchain.clang);
    clang
        .current_dir(project.root())
        .args(["--target=wasm32-wasi", "-std=c11", "-O2", "-g"])
        .args(["-Wall", "-Wextra", "-Isdk"])
        // What a trap shows is a path of the project, not of the machine that built it.
        .arg(prefix_map(project.root()))
        .arg("-mexec-model=reactor")
        // At the bottom of memory, too deep a recursion traps, and overwrites nothing.
        .args(["-Wl,--stack-first", "-Wl,-z,stack-size=262144"])
        .arg("-o")
        .arg(&module);
    if let Some(sysroot) = &toolchain.sysroot {
        clang.arg("--sysroot").arg(sysroot);
    }
    clang.args(sources(project.root())?);
    // The other printf of wasi-libc says on standard error what it can't print.
    clang.arg("-lc-printscan-long-double");
    tools::run(&mut clang, "the plugin does not build: see above")?;
    let module = fs::read(&module).context("clang left no module")?;
    Component::of_module(slim::slim(&module)?, &project.contract())
}

fn prefix_map(root: &Path) -> OsString {
    let mut flag = OsString::from("-ffile-prefix-map=");
    flag.push(root);
    flag.push("/=");
    flag
}

/// The plugin's own sources, and the SDK's but for the fake host.
fn sources(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in ["src", "sdk", "sdk/generated"] {
        let entries = fs::read_dir(root.join(folder)).with_context(|| folder.to_owned())?;
        for entry in entries {
            let path = Path::new(folder).join(entry?.file_name());
            let is_c = path.extension().is_some_and(|extension| extension == "c");
            if is_c && !path.ends_with("penstock_testing.c") {
                found.push(path);
            }
        }
    }
    // The order of a folder is the file system's, and would be seen in the module.
    found.sort();
    Ok(found)
}
