//! `penstock peek`: shows records, without joining a group and without committing anything.

pub(super) mod bounds;
mod record;
pub(super) mod show;
pub(super) mod through;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use penstock_core::record::OwnedHeader;
use penstock_kafka::ToolError;
use penstock_kafka::inspect::{Look, Next, Peek, Peeked};

use super::tools::{self, ClusterArgs};
use super::{Exit, Failure, kafka, output};
use crate::record_json::{HeaderJson, RecordJson};
use bounds::{Begin, Count};
use record::Recorder;
use show::Style;
use through::ThroughArgs;

/// Shows records of a topic, without joining a group.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock peek purchase-confirmed -c penstock.toml
  penstock peek purchase-confirmed --from -3 --partition 0 --bootstrap localhost:9092
  penstock peek purchase-confirmed --from 2026-01-01T10:00:00Z -n all --json -c penstock.toml | jq
  penstock peek purchase-confirmed --through purchase-to-access -n all -c penstock.toml
  penstock peek purchase-confirmed --through purchase-to-access --record tests/real -c penstock.toml

Records of one partition come in order; partitions come as their brokers answer. What is not
committed by its transaction is not shown. Without --follow, it ends where the topic ended when it
began.

With --through, each record is passed through a handler as the host would do it, with its plugin,
settings and limits, in the sandbox; what it would come to is shown with the outputs, the handler's
log lines and the time of the call. With --json, a line is
  {\"record\":…,\"handler\":…,\"attempt\":1,\"verdict\":\"emitted\",\"outputs\":[{\"output\":…,\"record\":…}],
   \"log\":[…],\"call-us\":…}
with `verdict` one of emitted, skipped, retried, dead-lettered and halted, and with `code`,
`reason`, `text` and `retry-after-ms` where there are such.

The exit code is 0 if it could look, 1 if there is no such topic or partition, or if a record did
not pass its handler, 2 for a wrong command line or configuration, 3 if Kafka is out of reach.")]
pub struct PeekArgs {
    /// Where to look.
    #[arg(value_parser = tools::name())]
    topic: String,
    /// Where to begin: `start`, `end`, an offset, `-N` for the last N records of each partition
    /// (counted from its end, since no group is asked), or an RFC 3339 time.
    #[arg(
        long,
        value_name = "WHERE",
        default_value = "start",
        allow_hyphen_values = true
    )]
    from: Begin,
    /// Only this partition.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    partition: Option<i32>,
    /// How many records, or `all`; 10 by default, and `all` with --follow.
    #[arg(short = 'n', long, value_name = "COUNT")]
    count: Option<Count>,
    /// Waits for new records, until interrupted.
    #[arg(short, long)]
    follow: bool,
    /// One JSON object a line, in the shape that `penstock emit --json-lines` takes.
    #[arg(long)]
    json: bool,
    /// Makes a test case of what is shown, in this folder; with --through, with what the handler
    /// makes of it, for `penstock plugin test`.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["follow", "attempt"])]
    record: Option<PathBuf>,
    #[command(flatten)]
    through: ThroughArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// A topic being read.
trait Reader {
    /// The next record; waits for it at most `wait`.
    fn next(&mut self, wait: Duration) -> Result<Next, ToolError>;
}

impl Reader for Peek {
    fn next(&mut self, wait: Duration) -> Result<Next, ToolError> {
        Peek::next(self, wait)
    }
}

/// Runs the command.
///
/// # Errors
/// What kept it from looking.
pub fn run(args: &PeekArgs) -> Result<Exit, Failure> {
    let cluster = args.cluster.cluster()?;
    let fail = |error| kafka::failure(error, &args.topic, &cluster);
    let style = match (args.json, io::stdout().is_terminal()) {
        (true, _) => Style::Json,
        (false, true) => Style::Pretty,
        (false, false) => Style::Plain,
    };
    let configured = args.through.load(args.cluster.files())?;
    let mut through = match &configured {
        Some(configured) => Some(configured.on(&args.topic, style)?),
        None => None,
    };
    if let Some(remark) = configured.as_ref().and_then(|of| of.remark(&args.topic)) {
        output::tell(&remark);
    }
    let look = Look {
        topic: args.topic.clone(),
        partition: args.partition,
        from: args.from.0,
        follow: args.follow,
        timeout: kafka::TIMEOUT,
    };
    let mut reader = Peek::open(&cluster.kafka, "penstock-peek", &look).map_err(fail)?;
    let mut recorder = args.record.as_deref().map(Recorder::create).transpose()?;
    let mut show = |record: Peeked| {
        if let Some(recorder) = &mut recorder {
            recorder.take(&shape(&args.topic, record.clone()));
        }
        match &mut through {
            Some(through) => through.show(record),
            None => show::record(&args.topic, &shape(&args.topic, record), style),
        }
    };
    let outcome = peek(args, &mut reader, &mut show, anstream::stdout().lock());
    let tally = through.map(|through| through.tally);
    match outcome {
        Ok(shown) => {
            if let Some(note) = shown.note(args) {
                output::tell(&note);
            }
            if let Some(tally) = tally.filter(|_| shown.records > 0) {
                output::tell(tally);
            }
            if let Some(recorder) = recorder {
                let through = configured.as_ref().map(|of| (of, args.cluster.files()));
                recorder.finish(through, &args.topic)?;
            }
            Ok(tally.map_or(Exit::Fine, through::Tally::exit))
        }
        Err(Stopped::Written(error)) => output::finish(Err(error)),
        Err(Stopped::Read(error)) => Err(fail(error)),
        Err(Stopped::Silent) => Err(silent(&args.topic)),
    }
}

/// What was shown, and whether it was all.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    records: u64,
    more: bool,
}

/// What ended it before its end.
#[derive(Debug)]
enum Stopped {
    Read(ToolError),
    Written(io::Error),
    /// There are records, and no broker sends them.
    Silent,
}

fn peek(
    args: &PeekArgs,
    reader: &mut dyn Reader,
    show: &mut dyn FnMut(Peeked) -> String,
    mut out: impl Write,
) -> Result<Shown, Stopped> {
    let count = args.count.unwrap_or(Count::default_for(args.follow));
    let mut records = 0;
    loop {
        match reader.next(kafka::TIMEOUT).map_err(Stopped::Read)? {
            // One more than is shown tells whether there are more.
            Next::Record(_) if count.is_reached(records) => {
                return Ok(Shown {
                    records,
                    more: true,
                });
            }
            Next::Record(record) => {
                out.write_all(show(record).as_bytes())
                    .and_then(|()| out.flush())
                    .map_err(Stopped::Written)?;
                records += 1;
                if args.follow && count.is_reached(records) {
                    return Ok(Shown {
                        records,
                        more: true,
                    });
                }
            }
            Next::Waiting if args.follow => {}
            Next::Waiting => return Err(Stopped::Silent),
            Next::End => {
                return Ok(Shown {
                    records,
                    more: false,
                });
            }
        }
    }
}

impl Shown {
    fn note(&self, args: &PeekArgs) -> Option<String> {
        match self {
            Shown {
                records,
                more: true,
            } if args.count.is_none() => Some(format!(
                "({records} shown, there are more: -n COUNT or -n all)"
            )),
            Shown {
                records: 0,
                more: false,
            } => Some(
                "(no records there; --follow waits for some, --from start begins at the first)"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

pub(super) fn silent(topic: &str) -> Failure {
    Failure::new(
        Exit::KafkaUnreachable,
        format!(
            "no broker sent a record of {topic} for {:?}",
            kafka::TIMEOUT
        ),
    )
    .cost("there are more records than were shown")
    .hint("a partition may be without a leader; try again, or look at another one: --partition N")
}

/// A record in its one shape.
pub(super) fn shape(topic: &str, record: Peeked) -> RecordJson {
    let header = |header: OwnedHeader| HeaderJson {
        name: header.name,
        value: header.value,
    };
    RecordJson {
        topic: Some(topic.to_owned()),
        partition: Some(record.partition),
        offset: Some(record.offset.0),
        key: record.key,
        value: record.value,
        headers: record.headers.into_iter().map(header).collect(),
        ..RecordJson::default()
    }
    .at(record.timestamp)
}

#[cfg(test)]
mod tests;
