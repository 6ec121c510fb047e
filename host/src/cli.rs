//! The command line: what may be said, and which command it is for.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::check::BrokerArgs;
use crate::commands::dlq::DlqArgs;
use crate::commands::doctor::DoctorArgs;
use crate::commands::emit::EmitArgs;
use crate::commands::groups::GroupsArgs;
use crate::commands::offsets::OffsetsArgs;
use crate::commands::pause::{PauseArgs, ResumeArgs};
use crate::commands::peek::PeekArgs;
use crate::commands::plugin::PluginArgs;
use crate::commands::status::StatusArgs;
use crate::commands::top::TopArgs;
use crate::commands::{
    Exit, Failure, check, demo, dlq, doctor, emit, groups, offsets, pause, peek, plugin, run,
    schema, status, top,
};
use crate::shelf::Shelf;

/// Runs sandboxed WebAssembly handlers on Kafka topics, at least once.
#[derive(Debug, Parser)]
#[command(
    name = "penstock",
    version,
    max_term_width = 100,
    after_help = "\
Exit codes: 0 fine, 1 a problem was found, 2 wrong usage or configuration, 3 Kafka out of reach.
Colours are left out where NO_COLOR is set or the output is no terminal.

`penstock COMMAND --help` has an example for each command."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(RunArgs),
    Check(CheckArgs),
    Schema(SchemaArgs),
    Status(StatusArgs),
    Top(TopArgs),
    Doctor(DoctorArgs),
    Offsets(OffsetsArgs),
    Groups(GroupsArgs),
    Pause(PauseArgs),
    Resume(ResumeArgs),
    Peek(PeekArgs),
    Emit(EmitArgs),
    Dlq(DlqArgs),
    Plugin(PluginArgs),
    Demo(DemoArgs),
}

/// Runs the host, until SIGTERM or Ctrl-C; a second one ends it at once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  penstock run -c penstock.toml
  penstock run -c base.toml -c production.toml

The log goes to standard output; PENSTOCK_LOG sets its level: error, warn, info (the default),
debug, trace or off. While Kafka is out of reach, the host waits and says so.

The exit code is 0 after a complete shutdown; 1 after a fatal error, or if work was abandoned
because the shutdown took too long; 2 for a wrong configuration.")]
struct RunArgs {
    #[command(flatten)]
    config: RequiredConfig,
}

/// Checks a configuration and its plugins, without Kafka: is it right, and what does it do? With
/// --broker, also whether it will work on its cluster.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  penstock check -c penstock.toml
  penstock check -c base.toml -c production.toml --json
  penstock check -c penstock.toml --broker
  penstock check -c penstock.toml --broker --create --dry-run

With --broker it asks the cluster, and changes nothing: topics and their settings, permissions, the
group, what waits. --create makes the topics that are missing, after it has shown them and asked.

The exit code is 0 if the host would start with it, and 2 otherwise. With --broker also 1 if it found
a problem (warnings and notes are none), and 3 if no broker is in reach.")]
struct CheckArgs {
    #[command(flatten)]
    config: RequiredConfig,
    #[command(flatten)]
    broker: BrokerArgs,
    /// The findings as JSON.
    #[arg(long)]
    json: bool,
}

/// Prints the JSON Schema of the configuration, by which an editor completes and checks.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  penstock schema > penstock.schema.json
  # then, as the first line of penstock.toml:
  #:schema ./penstock.schema.json")]
struct SchemaArgs {}

/// Replays the incident that Penstock was born from, on an embedded Kafka; nothing to install.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  penstock demo

The exit code is 0 if everything came out as it must.")]
struct DemoArgs {
    /// The folder of the built plugins; by default `plugins` beside the folder of this program.
    #[arg(long, value_name = "FOLDER")]
    plugins: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct RequiredConfig {
    /// A configuration file; given more than once, later ones are laid over earlier ones.
    #[arg(short = 'c', long = "config", value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

impl Cli {
    /// Runs the command.
    ///
    /// # Errors
    /// Why it could not do its work; to be printed, and turned into the exit code.
    pub fn run(&self) -> Result<Exit, Failure> {
        match &self.command {
            Command::Run(args) => run::run(&args.config.files),
            Command::Check(args) => {
                let plugins = Shelf::default();
                check::run(&args.config.files, &plugins, &args.broker, args.json)
            }
            Command::Schema(SchemaArgs {}) => schema::run(),
            Command::Status(args) => status::run(args),
            Command::Top(args) => top::run(args),
            Command::Doctor(args) => doctor::run(args),
            Command::Offsets(args) => offsets::run(args),
            Command::Groups(args) => groups::run(args),
            Command::Pause(args) => pause::pause(args),
            Command::Resume(args) => pause::resume(args),
            Command::Peek(args) => peek::run(args),
            Command::Emit(args) => emit::run(args),
            Command::Dlq(args) => dlq::run(args),
            Command::Plugin(args) => plugin::run(args),
            Command::Demo(args) => demo::run(args.plugins.as_deref()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    /// What clap itself looks for with debug assertions, which these tests are built without: of two
    /// arguments of one name, one is read for the other.
    #[test]
    fn no_two_arguments_of_a_command_have_one_name() {
        fn look(command: &clap::Command) {
            let mut seen = BTreeSet::new();
            for argument in command.get_arguments() {
                let name = argument.get_id();
                assert!(seen.insert(name), "{}: {name}", command.get_name());
            }
            command.get_subcommands().for_each(look);
        }
        look(&Cli::command());
    }

    #[test]
    fn what_would_have_no_effect_is_refused() {
        for line in [
            "emit t v -c a --kafka-config b=c",
            "emit t v -c a --kafka-config-file b",
            "offsets show -c a --kafka-config b=c",
            "doctor -c a --kafka-config b=c",
            "doctor --from a --kafka-config-file b",
            "emit t v --bootstrap a:1 --wait",
            "peek t --bootstrap a:1 --through h",
        ] {
            let words = format!("penstock {line}");
            let error = Cli::try_parse_from(words.split(' ')).expect_err(line);
            assert_eq!(error.kind(), ErrorKind::ArgumentConflict, "{line}: {error}");
        }
    }

    #[test]
    fn brokers_and_groups_are_named_in_their_form() {
        let peek = |brokers| Cli::try_parse_from(["penstock", "peek", "t", "--bootstrap", brokers]);
        for good in ["localhost", "a:9092, b:9092", "[::1]:9092"] {
            assert!(peek(good).is_ok(), "{good}");
        }
        for wrong in ["", "a b", "a:99999", "a:9092,"] {
            assert!(peek(wrong).is_err(), "{wrong}");
        }
        for command in [
            &["offsets", "show", "--group", ""][..],
            &["offsets", "reset", "--to", "0", "--group", ""],
            &["groups", "delete", ""],
            &["pause", "t", "--for", "1m", "--why", "x", "--group", ""],
            &["resume", "t", "--group", ""],
            &["doctor", "--group", ""],
        ] {
            let line = [&["penstock"], command, &["--bootstrap", "a:1"]].concat();
            let error = Cli::try_parse_from(line).expect_err("no group has that name");
            assert_eq!(
                error.kind(),
                ErrorKind::InvalidValue,
                "{command:?}: {error}"
            );
        }
    }

    #[test]
    fn every_command_has_an_example() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string);
            let example = format!("  penstock {}", command.get_name());
            assert!(
                help.is_some_and(|help| help.contains(&example)),
                "{example}"
            );
        }
    }

    #[test]
    fn files_are_laid_over_each_other_in_the_order_given() {
        let parsed = Cli::try_parse_from(["penstock", "run", "-c", "a", "--config", "b"]);
        let Command::Run(args) = parsed.expect("it is right").command else {
            panic!("another command");
        };
        assert_eq!(args.config.files, [PathBuf::from("a"), PathBuf::from("b")]);
        assert!(Cli::try_parse_from(["penstock", "run"]).is_err());
        assert!(Cli::try_parse_from(["penstock", "status"]).is_err());
        assert!(Cli::try_parse_from(["penstock", "status", "-c", "a", "-c", "b"]).is_ok());
    }
}
