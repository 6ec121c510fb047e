//! `penstock plugin`: what somebody who writes a handler does with it.

mod build;
mod inspect;
mod new;
mod snippet;

use clap::Subcommand;
use penstock_plugin_build::Refused;

use super::{Exit, Failure};
use build::BuildArgs;
use inspect::InspectArgs;
use new::NewArgs;

/// Makes plugins, builds them and looks into them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock plugin new greeter --lang rust
  penstock plugin build greeter
  penstock plugin inspect greeter.wasm

`penstock plugin COMMAND --help` has more of each.")]
pub struct PluginArgs {
    #[command(subcommand)]
    command: PluginCommand,
}

#[derive(Debug, Subcommand)]
enum PluginCommand {
    New(NewArgs),
    Build(BuildArgs),
    Inspect(InspectArgs),
}

/// Runs the command.
///
/// # Errors
/// What kept it from its work.
pub fn run(args: &PluginArgs) -> Result<Exit, Failure> {
    match &args.command {
        PluginCommand::New(args) => new::run(args),
        PluginCommand::Build(args) => build::run(args),
        PluginCommand::Inspect(args) => inspect::run(args),
    }
}

/// A failure of what makes and builds plugins: with exit code 2 if nothing could be begun, and else
/// with `exit`.
fn refusal(error: anyhow::Error, exit: Exit) -> Failure {
    match error.downcast::<Refused>() {
        Ok(refused) => Failure::new(Exit::Usage, refused.what).hint(refused.help),
        Err(error) => Failure::new(exit, format!("{error:#}")),
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
