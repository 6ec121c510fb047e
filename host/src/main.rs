//! The binary: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use penstock::cli::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(exit) => exit.into(),
        Err(failure) => {
            anstream::eprintln!("{failure}");
            failure.exit().into()
        }
    }
}
