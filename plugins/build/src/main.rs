//! Builds Rust handlers: every crate of a workspace that is a handler, into one component each.
//!
//! `cargo run --release -p penstock-plugin-build` writes `target/plugins/NAME.wasm`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Parser;

mod component;
mod guests;
mod install;
mod linker;
mod slim;
mod toolchain;
mod workspace;

use install::Permission;
use workspace::Workspace;

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
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    let permission = match arguments.yes {
        true => Permission::Given,
        false => Permission::NotGiven,
    };
    let begun = Instant::now();
    let workspace = Workspace::load(arguments.manifest_path.as_deref())?;
    let handlers = workspace.handlers(&arguments.packages)?;
    let toolchain = install::toolchain(&workspace, permission)?;
    guests::build(&workspace, &handlers, &toolchain)?;
    let out_dir = arguments
        .out_dir
        .unwrap_or_else(|| workspace.target_dir().join("plugins"));
    for handler in &handlers {
        let written = component::write(&guests::artifact(&workspace, handler), handler, &out_dir)?;
        println!("{written}");
    }
    println!(
        "{} in {:.1} s",
        match handlers.len() {
            1 => "1 plugin".to_owned(),
            n => format!("{n} plugins"),
        },
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}
