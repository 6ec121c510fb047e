//! The binary: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use penstock::cli::Cli;
use penstock::commands::output;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::tell(&failure);
            failure.exit().into()
        }
    }
}
