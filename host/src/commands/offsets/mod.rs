//! `penstock offsets`: where a group stands, and putting it elsewhere.

mod json;
mod live;
mod refuse;
mod reset;
mod show;
pub(super) mod table;
mod unread;

use clap::Subcommand;
use penstock_core::offsets::Target;

use super::group_args::GroupArgs;
use super::{Exit, Failure, tools};

pub(super) use refuse::members;
use refuse::strangers;
pub(super) use show::no_group;

/// Shows where a consumer group stands, of any client, or puts it elsewhere.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock offsets show -c penstock.toml
  penstock offsets reset -c penstock.toml --to earliest --dry-run

`penstock offsets show --help` and `penstock offsets reset --help` have more.")]
pub struct OffsetsArgs {
    #[command(subcommand)]
    command: OffsetsCommand,
}

#[derive(Debug, Subcommand)]
enum OffsetsCommand {
    Show(ShowArgs),
    Reset(ResetArgs),
}

/// Shows what a group has committed, where the logs begin and end, and who has which partition.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock offsets show -c penstock.toml
  penstock offsets show --bootstrap localhost:9092 --group purchase-worker
  penstock offsets show -c penstock.toml --json | jq '.totals.lag'

What is not known is shown as unknown, and never as zero.
The exit code is 0 if the group is there, 1 if it isn't and has no offsets, 2 for a wrong command
line or configuration, 3 if no broker is in reach.")]
struct ShowArgs {
    #[command(flatten)]
    of: GroupArgs,
    /// The consumer group; by default the configuration's.
    #[arg(long, value_name = "GROUP", value_parser = tools::name())]
    group: Option<String>,
    /// Only this topic; may be given more than once.
    #[arg(long = "topic", value_name = "TOPIC")]
    topics: Vec<String>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// Puts a group elsewhere: a live one of Penstock hosts, or any that has no members.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock offsets reset -c penstock.toml --to earliest --dry-run
  penstock offsets reset -c penstock.toml --topic purchase-confirmed --partition 2 --to -10
  penstock offsets reset --bootstrap localhost:9092 --group purchase-worker \\
      --topic purchase-confirmed --to 2026-01-01T10:00:00Z --yes

It shows what would change, asks, does it, reads it back. A running group of Penstock hosts goes on
from the new place without a restart: every host must be reachable at its admin listener, and gets
the configuration's `admin.token`, or PENSTOCK_TOKEN. A group of other clients must be stopped first.

A place outside a log is put to the log's nearer end, and shown so. Without --topic, topics that no
running host reads are left out, and named.
The exit code is 0 if it is done, or nothing had to be; 1 if it was refused or failed; 2 for a wrong
command line or configuration, or if nobody can be asked; 3 if no broker is in reach.")]
struct ResetArgs {
    #[command(flatten)]
    of: GroupArgs,
    /// The consumer group; by default the configuration's.
    #[arg(long, value_name = "GROUP", value_parser = tools::name())]
    group: Option<String>,
    /// earliest, latest, an offset, a time as 2026-01-01T10:00:00Z, or -N: so many before the
    /// committed one.
    #[arg(long, value_name = "WHERE", allow_hyphen_values = true)]
    to: Target,
    /// Only this topic; may be given more than once. By default all that the group has to do with.
    #[arg(long = "topic", value_name = "TOPIC")]
    topics: Vec<String>,
    /// Only this partition of the one topic; may be given more than once.
    #[arg(long = "partition", value_name = "N")]
    partitions: Vec<i32>,
    /// Only shows what would change.
    #[arg(long)]
    dry_run: bool,
    /// Does it without asking.
    #[arg(long)]
    yes: bool,
    /// One JSON object: the changes, and whether they are made. Needs --yes or --dry-run.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// Why it could not be shown or done, and what was done nevertheless.
pub fn run(args: &OffsetsArgs) -> Result<Exit, Failure> {
    match &args.command {
        OffsetsCommand::Show(args) => show::run(args),
        OffsetsCommand::Reset(args) => reset::run(args),
    }
}
