//! `penstock groups`: deleting a group, with the care that it needs.

use clap::Subcommand;
use penstock_core::diagnosis::snapshot::GroupKind;

use super::confirm::confirm;
use super::group_args::{GroupArgs, runtime};
use super::offsets::{members, no_group, table};
use super::{Exit, Failure, output, tools};
use crate::group::{self, Journal, Seen};

/// Deletes a consumer group, of any client.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  penstock groups delete purchase-worker --bootstrap localhost:9092 --dry-run

`penstock groups delete --help` has more.")]
pub struct GroupsArgs {
    #[command(subcommand)]
    command: GroupsCommand,
}

#[derive(Debug, Subcommand)]
enum GroupsCommand {
    Delete(DeleteArgs),
}

/// Deletes a group that has no members, and with it its committed offsets.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock groups delete purchase-worker --bootstrap localhost:9092 --dry-run
  penstock groups delete purchase-worker -c penstock.toml --yes

It shows what would be lost, and asks. A group with members is refused, and they are named.
The exit code is 0 if it is done, or was only looked at; 1 if it was refused or there is no such
group; 2 for a wrong command line or configuration, or if nobody can be asked; 3 if no broker is in
reach.")]
struct DeleteArgs {
    /// The group.
    #[arg(value_name = "GROUP", value_parser = tools::name())]
    group: String,
    #[command(flatten)]
    of: GroupArgs,
    /// Only shows what would be lost.
    #[arg(long)]
    dry_run: bool,
    /// Does it without asking.
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
///
/// # Errors
/// Why it is not deleted.
pub fn run(args: &GroupsArgs) -> Result<Exit, Failure> {
    let GroupsCommand::Delete(args) = &args.command;
    let asked = args.of.asked()?;
    let chosen = asked.chosen(Some(&args.group), &[], &[])?;
    runtime()?.block_on(async {
        let seen = Seen::of(&chosen).await?;
        let journal = Journal::of(&seen.cluster, &asked.kafka, &args.group).await;
        refuse(&args.group, &seen, &journal)?;
        output::finish(output::print(&table::shown(&args.group, &seen, &journal)))?;
        let offsets = seen.rows.iter().filter(|row| row.at().is_some()).count();
        let what = match offsets {
            0 => "it has no committed offsets".to_owned(),
            1 => "its committed offset is lost".to_owned(),
            many => format!("its {many} committed offsets are lost"),
        };
        if args.dry_run {
            output::tell(format_args!("only looked at; were it deleted: {what}"));
        } else if confirm(&format!("Delete {}: {what}?", args.group), args.yes)? {
            group::delete(&seen, &args.group).await?;
            output::tell("deleted");
        } else {
            output::tell("nothing was deleted");
        }
        Ok(Exit::Fine)
    })
}

fn refuse(name: &str, seen: &Seen, journal: &Journal) -> Result<(), Failure> {
    match &seen.group {
        Some(group) if !group.members.is_empty() => {
            let all: Vec<_> = group.members.iter().collect();
            Err(members(name, &all, journal.since_ms))
        }
        Some(group) if group.kind == GroupKind::Other => {
            let what = format!("{name} is no group of consumers, but something else");
            Err(Failure::new(Exit::Problem, what).cost("nothing was deleted"))
        }
        Some(_) => Ok(()),
        None if seen.rows.iter().any(|row| row.at().is_some()) => Ok(()),
        None => Err(no_group(name)),
    }
}
