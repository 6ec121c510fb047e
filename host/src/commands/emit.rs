//! `penstock emit`: sends records, and says where each lies once the brokers have it.

mod client;
mod lines;
mod source;
mod wait;

use std::io::Write;
use std::time::Duration;

use crate::record_json::RecordJson;

use super::tools::{self, ClusterArgs};
use super::{Exit, Failure};
use source::SourceArgs;

/// Sends records to a topic and waits until the brokers have them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  penstock emit purchase-confirmed '{\"eventId\":\"e1\"}' --key u7 -c penstock.toml
  penstock emit purchase-confirmed --file event.json --header trace=ab --bootstrap localhost:9092
  penstock peek old --json -n all -c penstock.toml | penstock emit new --json-lines -c penstock.toml
  penstock emit purchase-confirmed --file event.json --wait -c penstock.toml

Each record is answered by a line `topic[partition]@offset`.

A line of --json-lines is a record as `penstock peek --json` writes it:
  {\"key\":\"u7\",\"value\":\"text\",\"headers\":[{\"name\":\"trace\",\"value\":\"ab\"}]}
Bytes that are no text are {\"base64\":\"…\"}; a value may be any JSON, which is sent without its
spaces; a value of null is a tombstone. The partition of a line is kept if its topic is TOPIC or
left out; its offset is not looked at.

With --wait, the hosts of the configuration's group are asked what becomes of the record, and each
step is shown with the time since it began to send: received by a host, handled, each output and
dead letter where it lies, the verdict of each handler, the commit.

The exit code is 0 if all were sent, 1 if one was not, or if it was waited for and was dead-lettered,
halted its partition or was not finished in time, 2 for a wrong command line, configuration
or line, 3 if Kafka is out of reach.")]
pub struct EmitArgs {
    /// Where to.
    #[arg(value_parser = tools::name())]
    topic: String,
    #[command(flatten)]
    source: SourceArgs,
    /// The partition; left out, the key decides as it does for the host's outputs.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    partition: Option<i32>,
    /// Follows the record to its verdict, its outputs and the commit, for at most so long; 30s by
    /// default.
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "30s", value_parser = wait::time)]
    #[arg(conflicts_with_all = ["bootstrap", "json_lines"])]
    wait: Option<Duration>,
    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Where a record lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Placed {
    partition: i32,
    offset: i64,
}

/// Sends records to one topic.
trait Producer {
    /// Sends a batch and waits for all of it. Where records lie is put into `placed`, in their
    /// order; what is known of it also after an error.
    fn send(&mut self, records: &[RecordJson], placed: &mut Vec<Placed>) -> Result<(), Failure>;
}

/// Runs the command.
///
/// # Errors
/// What kept a record from being sent, and which were.
pub fn run(args: &EmitArgs) -> Result<Exit, Failure> {
    if let Some(time) = args.wait {
        return wait::run(args, time);
    }
    let mut batches = args.source.open()?;
    let mut producer = client::Client {
        cluster: args.cluster.cluster()?,
        topic: args.topic.clone(),
    };
    let stdout = anstream::stdout().lock();
    emit(args, &mut batches, &mut producer, stdout)
}

fn emit(
    args: &EmitArgs,
    batches: &mut dyn Iterator<Item = Result<Vec<RecordJson>, Failure>>,
    producer: &mut dyn Producer,
    mut answers: impl Write,
) -> Result<Exit, Failure> {
    let mut sent = 0;
    // A reader that left is told no more; the records are sent all the same.
    let mut reader_left = false;
    for batch in batches {
        let mut records = batch.map_err(|failure| after(sent, failure))?;
        for record in &mut records {
            record.partition = partition(args, record);
        }
        let mut placed = Vec::new();
        let outcome = producer.send(&records, &mut placed);
        sent += placed.len();
        for Placed { partition, offset } in placed {
            let line = format!("{}[{partition}]@{offset}", args.topic);
            reader_left = reader_left || writeln!(answers, "{line}").is_err();
        }
        reader_left = reader_left || answers.flush().is_err();
        outcome.map_err(|failure| after(sent, failure))?;
    }
    Ok(Exit::Fine)
}

fn after(sent: usize, failure: Failure) -> Failure {
    match sent {
        0 => failure.cost("no record is known to be written"),
        1 => failure.cost("one record was written, as printed; the rest is not known to be"),
        sent => failure.cost(format!(
            "{sent} records were written, as printed; the rest is not known to be"
        )),
    }
}

/// What the command line says, or the line about this very topic.
fn partition(args: &EmitArgs, record: &RecordJson) -> Option<i32> {
    let of_this_topic = record
        .topic
        .as_ref()
        .is_none_or(|topic| *topic == args.topic);
    args.partition
        .or(record.partition.filter(|_| of_this_topic))
}

#[cfg(test)]
mod tests;
