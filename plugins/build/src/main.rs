//! Builds this repository's own plugins: every crate of a workspace that is a handler, into one
//! component each.
//!
//! `cargo run --release -p penstock-plugin-build` writes `target/plugins/NAME.wasm`. A plugin in a
//! folder of its own is built by `penstock plugin build`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Parser;
use penstock_plugin_build::rust::{Permission, build_workspace};

/// Build Rust handlers into WebAssembly components.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Only these packages; otherwise every handler of the workspace.
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,

    /// The workspace's Cargo.toml; otherwise the one of the current directory.
    #[arg(long, value_name = "FILE")]
    manifest_path: Option<PathBuf>,

    /// Where the components go; otherwise target/plugins of the workspace.
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,

    /// Install a toolchain for WebAssembly with the system's package manager, if none is there.
    #[arg(long)]
    yes: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let permission = match arguments.yes {
        true => Permission::Given,
        false => Permission::NotGiven,
    };
    let begun = Instant::now();
    let built = build_workspace(
        arguments.manifest_path.as_deref(),
        &arguments.packages,
        arguments.out_dir.as_deref(),
        permission,
    )?;
    for one in &built {
        println!("{}", one.line());
    }
    println!(
        "{} in {:.1} s",
        match built.len() {
            1 => "1 plugin".to_owned(),
            n => format!("{n} plugins"),
        },
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}
