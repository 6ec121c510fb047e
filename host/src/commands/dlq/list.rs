//! `penstock dlq list`.

use penstock_core::dead_letter::{Convention, Filter, Letter};
use penstock_kafka::inspect::Peeked;
use serde::Serialize;

use super::letters::{is_redriven, look, progress, topics};
use super::table::{self, Row};
use super::which::takes;
use super::{Exit, Failure, ListArgs};
use crate::commands::output;
use crate::escape;
use crate::record_json::{Millis, bytes_or_null};

pub(super) fn run(args: &ListArgs) -> Result<Exit, Failure> {
    let cluster = args.cluster.cluster()?;
    let filter = args.which.filter(&[]);
    let mut all = Seen::default();
    for topic in topics(args.topic.as_deref(), &args.cluster)? {
        let (progress, unknown) = match progress(&topic, &cluster) {
            Ok(progress) => (Some(progress), None),
            // Which ones lie there is worth telling all the same.
            Err(failure) if failure.exit() == Exit::Problem => (None, Some(failure)),
            Err(failure) => return Err(failure),
        };
        let mut seen = Seen::default();
        look(&topic, &cluster, &filter, &mut |record, letter| {
            seen.records += 1;
            seen.marked += u64::from(letter.convention != Convention::Unknown);
            if !takes(&filter, &letter, &record) {
                return Ok(());
            }
            seen.matching += 1;
            let redriven = progress.as_ref().map(|of| is_redriven(of, &record));
            seen.redriven += u64::from(redriven == Some(true));
            if args.count.is_reached(all.matching + seen.matching - 1) {
                return Ok(());
            }
            if args.json {
                let line = json(&topic, &record, &letter, redriven);
                return output::finish(output::print(&line)).map(drop);
            }
            seen.rows.push(Row::of(&record, &letter, redriven));
            Ok(())
        })?;
        if let Some(failure) = unknown {
            anstream::eprintln!("(what of {topic} was redriven is not known)\n{failure}");
        }
        output::finish(output::print(&table::letters(&topic, &seen.rows)))?;
        if let Some(doubt) = seen.doubt(&topic) {
            anstream::eprintln!("{doubt}");
        }
        all.records += seen.records;
        all.matching += seen.matching;
        all.redriven += seen.redriven;
    }
    if all.matching == 0 && filter != Filter::default() {
        // Of what is older than `--since` nothing is read, nor counted.
        let what = match all.records {
            0 => "no dead letter matches".to_owned(),
            records => format!("none of {records} dead letters matches"),
        };
        return Err(Failure::new(Exit::Problem, what).hint("without filters, all are listed"));
    }
    if !args.json {
        anstream::eprintln!("{}", all.totals());
    }
    if args.count.is_reached(all.matching - all.matching.min(1)) && all.matching > 1 {
        anstream::eprintln!("(there are more than are shown: -n COUNT or -n all)");
    }
    Ok(Exit::Fine)
}

#[derive(Default)]
struct Seen {
    records: u64,
    /// Of these, those that something marks as dead letters.
    marked: u64,
    matching: u64,
    redriven: u64,
    rows: Vec<Row>,
}

impl Seen {
    /// Said where no record looks like a dead letter.
    fn doubt(&self, topic: &str) -> Option<String> {
        (self.records > 0 && self.marked == 0).then(|| {
            format!(
                "(nothing in {topic} says where it came from and why it failed: is this a \
                 dead-letter topic?)"
            )
        })
    }

    fn totals(&self) -> String {
        match self.matching {
            0 => "no dead letters".to_owned(),
            1 => format!("1 dead letter, {} redriven", self.redriven),
            many => format!("{many} dead letters, {} redriven", self.redriven),
        }
    }
}

/// A dead letter without its record.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Json<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
    time: Option<Millis>,
    convention: String,
    origin: Option<JsonOrigin<'a>>,
    handler: Option<&'a str>,
    code: Option<&'a str>,
    reason: Option<&'a str>,
    text: Option<&'a str>,
    attempts: Option<u32>,
    redrives: u32,
    redriven: Option<bool>,
    #[serde(serialize_with = "bytes_or_null::serialize")]
    key: Option<Vec<u8>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct JsonOrigin<'a> {
    topic: &'a str,
    partition: Option<i32>,
    offset: Option<i64>,
    timestamp: Option<Millis>,
    timestamp_type: Option<&'a str>,
}

impl<'a> Json<'a> {
    pub(super) fn of(
        topic: &'a str,
        record: &Peeked,
        letter: &'a Letter,
        redriven: Option<bool>,
    ) -> Json<'a> {
        Json {
            topic,
            partition: record.partition,
            offset: record.offset.0,
            time: record.timestamp.millis().map(Millis),
            convention: letter.convention.to_string(),
            origin: letter.origin.as_ref().map(|of| JsonOrigin {
                topic: &of.topic,
                partition: of.partition,
                offset: of.offset,
                timestamp: of.timestamp_ms.map(Millis),
                timestamp_type: of.timestamp_type.as_deref(),
            }),
            handler: letter.handler.as_deref(),
            code: letter.code.as_deref(),
            reason: letter.reason.as_deref(),
            text: letter.text.as_deref(),
            attempts: letter.attempts,
            redrives: letter.redrives,
            redriven,
            key: record.key.clone(),
        }
    }
}

fn json(topic: &str, record: &Peeked, letter: &Letter, redriven: Option<bool>) -> String {
    let line = Json::of(topic, record, letter, redriven);
    // Texts, numbers and bytes: there is nothing in it that JSON lacks.
    escape::json(&serde_json::to_string(&line).unwrap_or_default()) + "\n"
}
