//! `penstock offsets reset`: shows what would change, asks, does it, reads it back.

use penstock_core::diagnosis::snapshot::Committed;
use penstock_core::offsets::{Change, plan};

use super::super::confirm::confirm;
use super::super::group_args::runtime;
use super::super::{columns, output};
use super::{Exit, Failure, ResetArgs, json, strangers, table};
use crate::group::{self, Chosen, Holders, Seen, holders, standings};

pub(super) fn run(args: &ResetArgs) -> Result<Exit, Failure> {
    if args.json && !args.yes && !args.dry_run {
        return Err(Failure::new(Exit::Usage, "--json needs --yes or --dry-run"));
    }
    let asked = args.of.asked()?;
    let chosen = asked.chosen(args.group.as_deref(), &args.topics, &args.partitions)?;
    runtime()?.block_on(async {
        let seen = Seen::of(&chosen).await?;
        let changes = planned(args, &chosen, &seen).await?;
        if !args.json {
            output::finish(output::print(&table::changes(&changes)))?;
        }
        let to_do: Vec<Change> = changes.iter().filter(|of| of.is_one()).cloned().collect();
        let is_done = if args.dry_run {
            said(args, "only looked at: nothing was changed");
            false
        } else if to_do.is_empty() {
            said(args, "nothing has to be changed");
            false
        } else if !confirm(
            &format!("Reset {}?", columns::shown(&chosen.group)),
            args.yes,
        )? {
            said(args, "nothing was changed");
            false
        } else {
            group::commit(&seen, &chosen.group, &to_do).await?;
            read_back(&chosen, &seen, &changes).await?;
            said(args, "done, and read back");
            true
        };
        if args.json {
            let text = json::reset(&chosen.group, &changes, is_done)?;
            return output::finish(output::print(&text));
        }
        Ok(Exit::Fine)
    })
}

async fn planned(args: &ResetArgs, chosen: &Chosen, seen: &Seen) -> Result<Vec<Change>, Failure> {
    if let Holders::Strangers(members) = holders(seen.group.as_ref()) {
        return Err(strangers(&chosen.group, "where it reads", &members));
    }
    if let Holders::Penstock(hosts) = holders(seen.group.as_ref()) {
        let hosts: Vec<_> = hosts.iter().map(|of| columns::shown(&of.client)).collect();
        let what = format!("{} is live", columns::shown(&chosen.group));
        return Err(Failure::new(Exit::Problem, what)
            .cost(format!(
                "nothing was changed. It is held by {}",
                hosts.join(", ")
            ))
            .hint("stop its hosts, run this again, and start them"));
    }
    if seen.rows.is_empty() {
        let what = format!("{} has to do with no topic", columns::shown(&chosen.group));
        return Err(Failure::new(Exit::Usage, what).hint("name the topics with --topic"));
    }
    let changes = plan(args.to, &standings(seen, args.to).await?);
    changes.map_err(|nothing| {
        Failure::new(Exit::Problem, nothing)
            .cost("nothing was changed")
            .hint("choose earliest, latest, an offset or a time; or leave that partition out")
    })
}

/// What came of it, which JSON says otherwise.
fn said(args: &ResetArgs, text: &str) {
    if !args.json {
        anstream::eprintln!("{text}");
    }
}

/// What is committed now is what was asked for.
async fn read_back(chosen: &Chosen, seen: &Seen, changes: &[Change]) -> Result<(), Failure> {
    let commits = seen.committed(&chosen.group).await?;
    for change in changes {
        let found = commits
            .iter()
            .find(|of| of.topic == change.topic && of.partition == change.partition);
        if found.map(|of| &of.offset) != Some(&Committed::At(change.to)) {
            let place = format!("{}[{}]", columns::shown(&change.topic), change.partition);
            let is = match found.map(|of| &of.offset) {
                Some(Committed::At(offset)) => format!("is at {offset}"),
                Some(Committed::Unstable) => "is being moved by a transaction".to_owned(),
                Some(Committed::Refused(why)) => format!("can't be read: {why}"),
                Some(Committed::Nothing) | None => "has no offset".to_owned(),
            };
            let what = format!("{place} was put at {}, and {is}", change.to);
            return Err(Failure::new(Exit::Problem, what)
                .hint("somebody else may have committed; `penstock offsets show` tells"));
        }
    }
    Ok(())
}
