//! `penstock dlq purge`: deletes dead letters, after showing what is lost.

use std::collections::BTreeMap;

use penstock_admin_protocol::{ByPartition, Cluster as Brokers, Refusal, Wanted, change};
use penstock_kafka::inspect::{From, Look, Peek};

use super::letters::{CLIENT_ID, each, is_redriven, progress};
use super::{Exit, Failure, PurgeArgs};
use crate::commands::columns::{shown, table};
use crate::commands::confirm::confirm;
use crate::commands::group_args::runtime;
use crate::commands::tools::{Cluster, entrance};
use crate::commands::{kafka, output};
use crate::doctor::ANSWER_TIME_MAX;
use crate::group::no_broker;
use crate::security::settings;

pub(super) fn run(args: &PurgeArgs) -> Result<Exit, Failure> {
    let cluster = args.cluster.cluster()?;
    let lost = look(args, &cluster)?;
    if lost.values().all(|of| of.records == 0) {
        anstream::eprintln!("{}", nothing(args));
        return Ok(Exit::Fine);
    }
    output::finish(output::print(&shown_table(&args.topic, &lost)))?;
    let (records, open) = totals(&lost);
    let what = match open {
        0 => format!("{records} dead letters, all of them redriven"),
        _ => format!("{records} dead letters, of which {open} were never redriven"),
    };
    if open > 0 && !args.even_open {
        let what = format!("{open} of {records} dead letters were never redriven");
        return Err(Failure::new(Exit::Problem, what)
            .cost("nothing was deleted: they would be lost for good")
            .hint("redrive them first, or say --even-open"));
    }
    if args.dry_run {
        anstream::eprintln!("only looked at; were it done: {what} are lost");
        return Ok(Exit::Fine);
    }
    let question = format!("Delete from {}: {what}?", shown(&args.topic));
    if !confirm(&question, args.yes)? {
        anstream::eprintln!("nothing was deleted");
        return Ok(Exit::Fine);
    }
    delete(&args.topic, &cluster, &lost)?;
    anstream::eprintln!("deleted: {what}");
    Ok(Exit::Fine)
}

/// What a partition would lose.
#[derive(Debug, Default, PartialEq, Eq)]
struct Lost {
    /// Before this offset.
    to: i64,
    records: u64,
    /// Those that were not redriven.
    open: u64,
    /// Whether a record was met that stays.
    stays: bool,
}

/// Reads what lies there now, and says where each partition would be cut.
fn look(args: &PurgeArgs, cluster: &Cluster) -> Result<BTreeMap<i32, Lost>, Failure> {
    let topic = &args.topic;
    let progress = progress(topic, cluster)?;
    let look = Look {
        topic: topic.clone(),
        partition: args.partition,
        from: From::Start,
        follow: false,
        timeout: kafka::TIMEOUT,
    };
    let reader = Peek::open(&cluster.kafka, CLIENT_ID, &look);
    let mut reader = reader.map_err(|error| kafka::failure(error, topic, cluster))?;
    let mut lost: BTreeMap<i32, Lost> = BTreeMap::new();
    each(&mut reader, topic, cluster, &mut |record, _| {
        let offset = record.offset.0;
        let time_ms = record.timestamp.millis();
        let is_meant = match (args.all, args.before) {
            (true, _) => true,
            (false, Some(before)) => time_ms.is_some_and(|at| at < before.0),
            (false, None) => is_redriven(&progress, &record),
        };
        let of = lost.entry(record.partition).or_default();
        // A log is cut at one place: what lies behind the first that stays, stays.
        of.stays |= !is_meant;
        if !of.stays {
            of.to = offset + 1;
            of.records += 1;
            of.open += u64::from(!is_redriven(&progress, &record));
        }
        Ok(())
    })?;
    Ok(lost)
}

fn totals(lost: &BTreeMap<i32, Lost>) -> (u64, u64) {
    lost.values().fold((0, 0), |(records, open), of| {
        (records + of.records, open + of.open)
    })
}

fn nothing(args: &PurgeArgs) -> &'static str {
    match (args.all, args.before) {
        (true, _) => "there are no dead letters",
        (false, Some(_)) => "no dead letter is as old as that",
        (false, None) => {
            "nothing to be deleted: what was redriven begins at no partition's start; --all and \
             --before delete more"
        }
    }
}

fn shown_table(topic: &str, lost: &BTreeMap<i32, Lost>) -> String {
    let mut table = table(&["partition", "before", "lost", "never redriven"], 0..4);
    for (partition, of) in lost.iter().filter(|(_, of)| of.records > 0) {
        table.add_row([
            partition.to_string(),
            of.to.to_string(),
            of.records.to_string(),
            of.open.to_string(),
        ]);
    }
    format!("{}\n{}\n", shown(topic), table.trim_fmt())
}

/// Cuts each partition, at the broker that leads it.
fn delete(topic: &str, cluster: &Cluster, lost: &BTreeMap<i32, Lost>) -> Result<(), Failure> {
    let kafka = &cluster.kafka;
    let security = entrance(&settings(kafka))?.security;
    runtime()?.block_on(async {
        let brokers = Brokers::find(&kafka.bootstrap, security, ANSWER_TIME_MAX)
            .await
            .map_err(|errors| no_broker(&kafka.bootstrap, &errors))?;
        let names = [topic.to_owned()];
        let metadata = brokers.entry().metadata(Wanted::Topics(&names)).await;
        let metadata = metadata.map_err(|error| Failure::new(Exit::KafkaUnreachable, error))?;
        let leaders = metadata.topics.into_iter().next().map(|of| of.partitions);
        let leaders = leaders.unwrap_or_else(|| Ok(Vec::new()));
        let leaders = leaders.map_err(|error| Failure::new(Exit::Problem, error))?;
        for leader in leaders {
            let Some(of) = lost.get(&leader.partition).filter(|of| of.records > 0) else {
                continue;
            };
            let broker = leader.leader.and_then(|id| brokers.broker(id));
            let place = format!("{topic}[{}]", leader.partition);
            let broker = broker.ok_or_else(|| {
                Failure::new(Exit::Problem, format!("{place} has no leader")).hint(AGAIN)
            })?;
            let cuts = ByPartition::from([((topic.to_owned(), leader.partition), of.to)]);
            let answer = change::delete_records(broker, &cuts).await;
            let answer =
                answer.map_err(|error| Failure::new(Exit::KafkaUnreachable, error).hint(AGAIN))?;
            let refused = answer.into_values().find_map(Result::err);
            if let Some(refusal) = refused {
                return Err(refused_by(&place, &refusal));
            }
        }
        Ok(())
    })
}

const AGAIN: &str = "what was deleted so far is deleted; the same command does the rest";

fn refused_by(place: &str, refusal: &Refusal) -> Failure {
    let failure = Failure::new(Exit::Problem, format!("{place} is not cut: {refusal}"));
    if refusal.is_unauthorised() {
        return failure.hint("it needs Delete on the topic, which an administrator permits");
    }
    failure.hint(AGAIN)
}
