//! Embeds what `penstock plugin new` writes: the templates, the SDKs and the contract.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Made by tools, or the SDKs' own business.
const LEFT_OUT: [&str; 7] = [
    "target",
    "build",
    "dist",
    "node_modules",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
];

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where"));
    let plugins = here.parent().expect("it lies in plugins/");
    let root = plugins.parent().expect("plugins/ lies in the repository");
    let mut files = Vec::new();
    for entry in fs::read_dir(plugins)? {
        let folder = entry?.path();
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        if name == "templates" || name == "sdk" || name.starts_with("sdk-") {
            println!("cargo::rerun-if-changed={}", folder.display());
            collect(&folder, &mut files)?;
        }
    }
    let contract = root.join("wit");
    println!("cargo::rerun-if-changed={}", contract.display());
    collect(&contract, &mut files)?;
    files.sort();

    let mut table = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(plugins).or(file.strip_prefix(root));
        let name = name.expect("it lies there").to_string_lossy();
        if is_test_of_an_sdk(&name) {
            continue;
        }
        let file = file.to_string_lossy();
        table += &format!("    ({name:?}, include_bytes!({file:?})),\n");
    }
    table += "]\n";
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where"));
    fs::write(out.join("embedded.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if LEFT_OUT.iter().any(|left_out| *left_out == name) {
            continue;
        }
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn is_test_of_an_sdk(name: &str) -> bool {
    let parts: Vec<&str> = name.split('/').collect();
    parts[0].starts_with("sdk") && (parts[1] == "tests" || name.ends_with("_test.go"))
}
