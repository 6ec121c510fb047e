//! `penstock offsets show`.

use super::super::group_args::runtime;
use super::super::output;
use super::{Exit, Failure, ShowArgs, json, table};
use crate::group::{Journal, Seen};

pub(super) fn run(args: &ShowArgs) -> Result<Exit, Failure> {
    let asked = args.of.asked()?;
    let chosen = asked.chosen(args.group.as_deref(), &args.topics, &[])?;
    let runtime = runtime()?;
    let seen = runtime.block_on(Seen::of(&chosen))?;
    let has_offsets = seen.rows.iter().any(|row| row.at().is_some());
    if seen.group.is_none() && !has_offsets {
        return Err(no_group(&chosen.group));
    }
    let journal = runtime.block_on(Journal::of(&seen.cluster, &asked.kafka, &chosen.group));
    let text = if args.json {
        json::shown(&chosen.group, &seen, &journal)?
    } else {
        table::shown(&chosen.group, &seen, &journal)
    };
    output::finish(output::print(&text))
}

pub(in super::super) fn no_group(name: &str) -> Failure {
    let what = format!("there is no group {name}, and it has no committed offsets");
    Failure::new(Exit::Problem, what).hint(
        "is the name right? `penstock doctor` names groups that sound like it. `penstock offsets \
         reset` with --topic makes one, at the place that is asked for",
    )
}
