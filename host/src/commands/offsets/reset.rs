//! `penstock offsets reset`: shows what would change, asks, does it, reads it back.

use penstock_core::diagnosis::snapshot::{Commit, Committed};
use penstock_core::offsets::{Change, plan};

use super::super::columns::shown;
use super::super::confirm::confirm;
use super::super::group_args::{Asked, runtime};
use super::super::output;
use super::{Exit, Failure, ResetArgs, json, live, strangers, table, unread};
use crate::group::{self, Chosen, Holders, Journal, PenstockHost, Seen, holders, standings};

pub(super) fn run(args: &ResetArgs) -> Result<Exit, Failure> {
    if args.json && !args.yes && !args.dry_run {
        return Err(Failure::new(Exit::Usage, "--json needs --yes or --dry-run"));
    }
    let asked = args.of.asked()?;
    let chosen = asked.chosen(args.group.as_deref(), &args.topics, &args.partitions)?;
    let runtime = runtime()?;
    let mut seen = runtime.block_on(Seen::of(&chosen))?;
    let hosts = match holders(seen.group.as_ref()) {
        Holders::Nobody => Vec::new(),
        Holders::Penstock(hosts) => hosts,
        Holders::Strangers(members) => {
            let journal = Journal::of(&seen.cluster, &asked.kafka, &chosen.group);
            let since = runtime.block_on(journal).since_ms;
            return Err(strangers(&chosen.group, &members, since));
        }
    };
    let left_out = unread::leave_out(&mut seen.rows, &chosen, &args.topics, &hosts)?;
    let changes = runtime.block_on(planned(args, &chosen, &seen))?;
    for of in &left_out {
        said(args, &of.text());
    }
    if !args.json {
        output::finish(output::print(&table::changes(&changes)))?;
    }
    let is_done = if args.dry_run {
        said(args, "only looked at: nothing was changed");
        false
    } else if hosts.is_empty() && !changes.iter().any(Change::is_one) {
        said(args, "nothing has to be changed");
        false
    } else if !confirm(&question(&chosen, &hosts), args.yes)? {
        said(args, "nothing was changed");
        false
    } else {
        let is_live = !hosts.is_empty();
        if is_live {
            reset_live(args, &asked, &chosen, &changes, &hosts)?;
        } else {
            let to_do: Vec<Change> = changes.iter().filter(|of| of.is_one()).cloned().collect();
            runtime.block_on(group::commit(&seen, &chosen.group, &to_do))?;
        }
        let commits = runtime.block_on(seen.committed(&chosen.group))?;
        read_back(&changes, &commits, is_live)?;
        said(args, "done, and read back:");
        if !args.json {
            output::finish(output::print(&table::now(&changes, &commits)))?;
        }
        true
    };
    if args.json {
        let text = json::reset(&chosen.group, &changes, &left_out, is_done)?;
        return output::finish(output::print(&text));
    }
    Ok(Exit::Fine)
}

async fn planned(args: &ResetArgs, chosen: &Chosen, seen: &Seen) -> Result<Vec<Change>, Failure> {
    if seen.rows.is_empty() {
        let what = format!("{} has to do with no topic", shown(&chosen.group));
        return Err(Failure::new(Exit::Usage, what).hint("name the topics with --topic"));
    }
    let changes = plan(args.to, &standings(seen, args.to).await?);
    changes.map_err(|nothing| {
        Failure::new(Exit::Problem, nothing)
            .cost("nothing was changed")
            .hint("choose earliest, latest, an offset or a time; or leave that partition out")
    })
}

fn question(chosen: &Chosen, hosts: &[PenstockHost]) -> String {
    let group = shown(&chosen.group);
    match hosts.len() {
        0 => format!("Reset {group}?"),
        1 => format!("Reset {group}, which runs on one host?"),
        many => format!("Reset {group}, which runs on {many} hosts?"),
    }
}

fn reset_live(
    args: &ResetArgs,
    asked: &Asked,
    chosen: &Chosen,
    changes: &[Change],
    hosts: &[PenstockHost],
) -> Result<(), Failure> {
    let token = asked.token.as_ref();
    // What stands there already may have finished work since, which a commit would follow.
    let told = live::orders(&chosen.group, changes, hosts, token)?;
    for note in live::carry_out(&told, token)? {
        said(args, &note);
    }
    Ok(())
}

/// What came of it, which JSON says otherwise.
fn said(args: &ResetArgs, text: &str) {
    if !args.json {
        output::tell(text);
    }
}

/// What is committed now is what was asked for; a live group goes on from there.
fn read_back(changes: &[Change], commits: &[Commit], is_live: bool) -> Result<(), Failure> {
    for change in changes {
        let found = commits
            .iter()
            .find(|of| of.topic == change.topic && of.partition == change.partition);
        let is = match found.map(|of| &of.offset) {
            Some(Committed::At(at)) if *at == change.to => continue,
            Some(Committed::At(at)) if is_live && *at > change.to => continue,
            Some(Committed::At(at)) => format!("is at {at}"),
            Some(Committed::Unstable) => "is being moved by a transaction".to_owned(),
            Some(Committed::Refused(why)) => format!("can't be read: {why}"),
            Some(Committed::Nothing) | None => "has no offset".to_owned(),
        };
        let place = format!("{}[{}]", shown(&change.topic), change.partition);
        let what = format!("{place} was put at {}, and {is}", change.to);
        return Err(Failure::new(Exit::Problem, what)
            .hint("somebody else may have committed; `penstock offsets show` tells"));
    }
    Ok(())
}
