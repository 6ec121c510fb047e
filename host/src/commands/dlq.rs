//! `penstock dlq`: dead letters, listed, shown, sent back and deleted.

mod letters;
mod list;
mod purge;
mod redrive;
mod show;
mod table;
mod which;

use std::num::NonZeroU32;

use clap::Subcommand;

use super::peek::bounds::Count;
use super::tools::ClusterArgs;
use super::{Exit, Failure};
use crate::record_json::Millis;
use which::{FilterArgs, Place};

/// Lists, shows, redrives and deletes dead letters.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock dlq list -c penstock.toml
  penstock dlq show purchase-confirmed.dlq 0:12 -c penstock.toml
  penstock dlq redrive purchase-confirmed.dlq -c penstock.toml --dry-run

`penstock dlq COMMAND --help` has more of each.")]
pub struct DlqArgs {
    #[command(subcommand)]
    command: DlqCommand,
}

#[derive(Debug, Subcommand)]
enum DlqCommand {
    List(ListArgs),
    Show(ShowArgs),
    Redrive(RedriveArgs),
    Purge(PurgeArgs),
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

The handler is tried as `penstock peek --through` does it, in the sandbox and with no effect: on the
record as it was, at its original place and time.
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

/// Sends dead letters back to the topics that they came from, each at most once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock dlq redrive purchase-confirmed.dlq -c penstock.toml --dry-run
  penstock dlq redrive purchase-confirmed.dlq -c penstock.toml --code PSK-H004 --rate 100
  penstock dlq redrive purchase-confirmed.dlq 0:12 0:13 -c penstock.toml --handler-only

It shows what would go where, and asks. Key, value and headers are what they were; the partition
too, if it is there. The headers of the dead letter are taken off, and others put on that keep the
origin and count how often the record was redriven.
Ctrl-C ends it behind the batch in hand; then, or after a crash, the same command goes on, and sends
nothing twice to whoever reads what is committed. What is dead-lettered meanwhile is not meant.
The exit code is 0 if all that was meant was sent, or was only looked at; 1 if something was not
sent, or nothing matches; 2 for a wrong command line or configuration, or if nobody can be asked;
3 if Kafka is out of reach.")]
struct RedriveArgs {
    /// The dead-letter topic.
    topic: String,
    /// Only these, as in the table of `penstock dlq list`; otherwise all that match.
    #[arg(value_name = "PARTITION:OFFSET")]
    places: Vec<Place>,
    #[command(flatten)]
    which: FilterArgs,
    /// Only the handler that could not process a record gets it; the other handlers of its topic
    /// skip it.
    #[arg(long)]
    handler_only: bool,
    /// At most so many records a second.
    #[arg(long, value_name = "N", value_parser = which::rate)]
    rate: Option<NonZeroU32>,
    /// Only shows what would go where.
    #[arg(long)]
    dry_run: bool,
    /// Does it without asking.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Deletes the beginning of a dead-letter topic: what was redriven.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock dlq purge purchase-confirmed.dlq -c penstock.toml --dry-run
  penstock dlq purge purchase-confirmed.dlq -c penstock.toml --before 2026-01-01T00:00:00Z

It shows what would be lost, and asks. A log is cut at one place, so each partition is deleted up to
the first dead letter that is to stay. What was never redriven is only deleted with --even-open.
The exit code is 0 if it is done, or was only looked at; 1 if it was refused; 2 for a wrong command
line or configuration, or if nobody can be asked; 3 if Kafka is out of reach.")]
struct PurgeArgs {
    /// The dead-letter topic.
    topic: String,
    /// Only this partition.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    partition: Option<i32>,
    /// What was dead-lettered before this time, in place of what was redriven.
    #[arg(long, value_name = "TIME", value_parser = which::time)]
    before: Option<Millis>,
    /// Everything, in place of what was redriven.
    #[arg(long, conflicts_with = "before")]
    all: bool,
    /// Also what was never redriven: it is lost for good.
    #[arg(long)]
    even_open: bool,
    /// Only shows what would be lost.
    #[arg(long)]
    dry_run: bool,
    /// Does it without asking.
    #[arg(long)]
    yes: bool,
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
        DlqCommand::Redrive(args) => redrive::run(args),
        DlqCommand::Purge(args) => purge::run(args),
    }
}
