//! The SDKs' own tests, natively, by their language's tools.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::project::succeeds;

fn sdk(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../plugins")
        .join(name)
}

#[test]
fn go() -> Result<()> {
    let mut test = Command::new("go");
    test.args(["test", ".", "./penstocktest"]);
    succeeds(test.current_dir(sdk("sdk-go"))).map(drop)
}

#[test]
fn c() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let program = folder.path().join("sdk_test");
    let mut compile = Command::new("cc");
    compile
        .args(["-std=c11", "-g", "-Wall", "-Wextra", "-Werror"])
        // A sanitized program's null checks look to the compiler as if they were meant.
        .args(["-fsanitize=address,undefined", "-Wno-format-truncation"])
        .args(["tests/sdk_test.c", "penstock_common.c", "penstock_json.c"])
        .args(["penstock_testing.c", "-o"])
        .arg(&program)
        .current_dir(sdk("sdk-c"));
    succeeds(&mut compile)?;
    succeeds(&mut Command::new(&program)).map(drop)
}
