//! `penstock dlq redrive`: dead letters back to where they came from, each at most once.

mod pace;
mod plan;
mod send;

use std::collections::BTreeMap;

use penstock_core::config::Config;
use penstock_core::dead_letter::{Filter, redriver};
use penstock_kafka::redrive::Redriver;

use super::letters::{CLIENT_ID, progress};
use super::{Exit, Failure, RedriveArgs};
use crate::commands::confirm::confirm;
use crate::commands::tools::{Cluster, load};
use crate::commands::{kafka, output};
use plan::Plan;
use send::Sending;

/// To be shut out, an earlier redriver is asked for, and its transaction ended.
const OPEN_TIME_MAX: std::time::Duration = std::time::Duration::from_secs(30);

pub(super) fn run(args: &RedriveArgs) -> Result<Exit, Failure> {
    let cluster = args.cluster.cluster()?;
    let filter = args.which.filter(&args.places);
    let plan = Plan::of(args, &cluster, &filter)?;
    for note in plan.notes(args) {
        anstream::eprintln!("{note}");
    }
    if plan.count() == 0 {
        return nothing(args, &filter, &plan);
    }
    if args.handler_only && !args.cluster.files().is_empty() {
        known_handlers(&plan, &load(args.cluster.files())?)?;
    }
    output::finish(output::print(&plan.table(args.handler_only)))?;
    if args.dry_run {
        anstream::eprintln!("only looked at: nothing was sent");
        return Ok(Exit::Fine);
    }
    let question = format!("Send {} back?", plan.letters());
    if !confirm(&question, args.yes)? {
        anstream::eprintln!("nothing was sent");
        return Ok(Exit::Fine);
    }
    let redriver = open(&args.topic, &cluster)?;
    // Whoever was at it before is shut out, so nothing is added to this any more.
    let progress = progress(&args.topic, &cluster)?;
    Sending::new(args, &cluster, &plan, redriver, progress).run()
}

fn open(topic: &str, cluster: &Cluster) -> Result<Redriver, Failure> {
    let id = redriver(topic);
    let opened = Redriver::open(&cluster.kafka, CLIENT_ID, topic, &id, OPEN_TIME_MAX);
    opened.map_err(|error| {
        kafka::failure(error, topic, cluster).cost(format!(
            "nothing was sent. It needs the transactional id {id} (Write), the group {id} (Read), \
             {topic} (Read) and the topics that it sends to (Write)"
        ))
    })
}

fn nothing(args: &RedriveArgs, filter: &Filter, plan: &Plan) -> Result<Exit, Failure> {
    if *filter == Filter::default() || plan.done > 0 {
        anstream::eprintln!("nothing is left to be redriven");
        return Ok(Exit::Fine);
    }
    let what = match plan.looked_at {
        0 => "no dead letter that was not redriven matches".to_owned(),
        many => format!("none of {many} dead letters that were not redriven matches"),
    };
    Err(Failure::new(Exit::Problem, what)
        .cost("nothing was sent")
        .hint(format!(
            "`penstock dlq list {}` shows what lies there",
            args.topic
        )))
}

/// A record for a handler that its topic does not have would be skipped by all.
fn known_handlers(plan: &Plan, config: &Config) -> Result<(), Failure> {
    let has = |topic: &str, handler: &String| {
        let of = config.topics.get(topic);
        of.is_some_and(|of| of.handlers.contains(handler))
    };
    let unknown = plan.handlers.iter().find(|(topic, name)| !has(topic, name));
    let Some((topic, handler)) = unknown else {
        return Ok(());
    };
    let what = format!("the configuration has no handler {handler} for {topic}");
    Err(Failure::new(Exit::Problem, what)
        .cost("nothing was sent: no handler would take its records")
        .hint("leave --handler-only out, or choose others with --handler and --origin"))
}

/// How many records go where.
pub(super) type Targets = BTreeMap<(String, Option<i32>), u64>;
