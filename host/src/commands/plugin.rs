//! `penstock plugin`: what somebody who writes a handler does with it.

mod inspect;
mod snippet;
mod test;

use clap::Subcommand;

use super::{Exit, Failure};
use inspect::InspectArgs;
use test::TestArgs;

/// Looks into plugins, and tests them as the host would run them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock plugin inspect greeter.wasm
  penstock plugin test greeter

`penstock plugin COMMAND --help` has more of each.")]
pub struct PluginArgs {
    #[command(subcommand)]
    command: PluginCommand,
}

#[derive(Debug, Subcommand)]
enum PluginCommand {
    Inspect(InspectArgs),
    Test(TestArgs),
}

/// Runs the command.
///
/// # Errors
/// What kept it from its work.
pub fn run(args: &PluginArgs) -> Result<Exit, Failure> {
    match &args.command {
        PluginCommand::Inspect(args) => inspect::run(args),
        PluginCommand::Test(args) => test::run(args),
    }
}

/// `118 KiB`
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_in_their_unit() {
        assert_eq!(size(1023), "1023 bytes");
        assert_eq!(size(1025), "2 KiB");
        assert_eq!(size(1_572_864), "1.5 MiB");
    }
}
