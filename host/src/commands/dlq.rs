//! `penstock dlq`: dead letters, listed and shown.

mod letters;
mod list;
mod show;
mod table;
mod which;

use clap::Subcommand;

use super::peek::bounds::Count;
use super::tools::ClusterArgs;
use super::{Exit, Failure};
use which::{FilterArgs, Place};

/// Lists and shows dead letters.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock dlq list -c penstock.toml
  penstock dlq show purchase-confirmed.dlq 0:12 -c penstock.toml

`penstock dlq COMMAND --help` has more of each.")]
pub struct DlqArgs {
    #[command(subcommand)]
    command: DlqCommand,
}

#[derive(Debug, Subcommand)]
enum DlqCommand {
    List(ListArgs),
    Show(ShowArgs),
}

/// Lists the dead letters of a topic, or of all dead-letter topics of a configuration.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock dlq list -c penstock.toml
  penstock dlq list purchase-confirmed.dlq --code PSK-H004 --bootstrap localhost:9092
  penstock dlq list -c penstock.toml --since 2026-01-01T10:00:00Z --json | jq .reason

Dead letters of Spring for Apache Kafka, Kafka Connect and Kafka Streams are read too. STATE is
`sent` for what was redriven, otherwise `open`. N is how often a record was dead-lettered.
The exit code is 0 if it could look, 1 if there is no such topic or nothing matches, 2 for a wrong
command line or configuration, 3 if Kafka is out of reach.")]
struct ListArgs {
    /// The dead-letter topic; by default all of the configuration.
    topic: Option<String>,
    #[command(flatten)]
    which: FilterArgs,
    /// How many, or `all`; 100 by default.
    #[arg(short = 'n', long, value_name = "COUNT", default_value = "100")]
    count: Count,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Shows one dead letter: the record, where it came from and what happened; with -c also what its
/// handler says to it today.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock dlq show purchase-confirmed.dlq 0:12 -c penstock.toml
  penstock dlq show purchase-confirmed.dlq 0:12 --bootstrap localhost:9092 --json | jq .record

The handler is tried as `penstock peek --through` does it: on the record as it would come back, in
the sandbox, with no effect.
The exit code is 0 if it is shown, 1 if there is no such topic or record, 2 for a wrong command line
or configuration, 3 if Kafka is out of reach.")]
struct ShowArgs {
    /// The dead-letter topic.
    topic: String,
    /// Where it lies there, as in the table of `penstock dlq list`.
    #[arg(value_name = "PARTITION:OFFSET")]
    place: Place,
    /// One JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Runs the command.
///
/// # Errors
/// Why it could not be done, and what was done nevertheless.
pub fn run(args: &DlqArgs) -> Result<Exit, Failure> {
    match &args.command {
        DlqCommand::List(args) => list::run(args),
        DlqCommand::Show(args) => show::run(args),
    }
}
