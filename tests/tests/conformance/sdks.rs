//! The SDKs' own tests, which need the tools of a project of their language.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// That the types of the contract are those of `wit/`, and the SDK's unit tests.
pub fn typescript(project: &Path) -> Result<()> {
    let tests = plugins().join("sdk-typescript/tests");
    let node = |arguments: &[&str]| {
        let mut node = Command::new("node");
        node.current_dir(project).args(arguments);
        node
    };
    run(&mut node(&["sdk/tools/contract.mjs", "--check"]))?;
    run(node(&["sdk/tools/main.mjs", "test"]).arg(tests))
}

/// The SDK's unit tests; bindings are made anew with each build.
pub fn python() -> Result<()> {
    let sdk = plugins().join("sdk-python");
    let mut python = Command::new("python3");
    python
        .args(["-B", "-m", "unittest", "discover", "tests"])
        .current_dir(&sdk)
        .env("PYTHONPATH", &sdk);
    run(&mut python)
}

fn plugins() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins")
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output();
    let output = output.with_context(|| format!("{command:?} can't be run"))?;
    let said = [output.stdout, output.stderr].concat();
    ensure!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&said)
    );
    Ok(())
}
