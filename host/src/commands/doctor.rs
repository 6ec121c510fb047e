//! `penstock doctor`: why is nothing happening in a consumer group, of whatever client?

mod show;

use std::path::PathBuf;
use std::time::Duration;

use penstock_core::diagnosis::snapshot::Answer;
use penstock_core::diagnosis::{Diagnosis, Snapshot, diagnose};

use super::kafka_settings::KafkaSettings;
use super::tools::{self, ConfigFiles};
use super::{Exit, Failure, output};
use crate::doctor::{self, Ask, HostAccess};
use crate::security::settings;

/// Says why a consumer group processes nothing, and what to do; of any client.
#[derive(Debug, clap::Args)]
#[command(group = tools::asked())]
#[command(after_help = "\
Examples:
  penstock doctor --bootstrap localhost:9092 --group purchase-worker
  penstock doctor --bootstrap localhost:9092 --group purchase-worker --topic purchase-confirmed
  penstock doctor --bootstrap localhost:9092 --group purchase-worker --output access-granted
  penstock doctor --bootstrap kafka:9093 --group g --kafka-config-file client.properties
  penstock doctor -c penstock.toml --json | jq '.findings[].code'
  penstock doctor -c penstock.toml --save snapshot.json; penstock doctor --from snapshot.json

It only reads: it joins no group, commits nothing and writes nothing. What stands still is watched
for a while, since a fault and the pause between two commits look alike at first.

The exit code is 0 if nothing is wrong that can be seen from outside, 1 if something is, 2 for a
wrong command line or configuration, 3 if no broker, or not the group's coordinator, is in reach.")]
pub struct DoctorArgs {
    #[command(flatten)]
    config: ConfigFiles,
    /// Brokers, as `host:port,…`, in place of a configuration.
    #[arg(long, value_name = "BROKERS", group = "asked", requires = "of")]
    #[arg(value_parser = tools::brokers)]
    bootstrap: Option<String>,
    #[command(flatten)]
    settings: KafkaSettings,
    /// A snapshot that --save wrote, in place of a cluster.
    #[arg(long, value_name = "FILE", group = "asked", conflicts_with_all = [
        "of", "topics", "outputs", "watch_for", "kafka-config", "kafka-config-file",
    ])]
    from: Option<PathBuf>,
    /// The consumer group; by default the configuration's.
    #[arg(long, id = "of", value_name = "GROUP", value_parser = tools::name())]
    group: Option<String>,
    /// Only this topic; may be given more than once. By default all that the group has to do with.
    #[arg(long = "topic", id = "topics", value_name = "TOPIC")]
    topics: Vec<String>,
    /// A topic that the group is to write to; may be given more than once. It is then watched
    /// whether anything arrives there while offsets advance.
    #[arg(long = "output", id = "outputs", value_name = "TOPIC")]
    outputs: Vec<String>,
    /// For how long to watch at least, where movement matters; `0s`: one look. What stands still
    /// is watched for up to ten seconds.
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = span)]
    watch_for: Duration,
    /// Writes what was seen to a file, to be diagnosed elsewhere; it holds names and offsets, and
    /// no records.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// A span of time, as `3s` or `1m30s`.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration = text
        .parse()
        .map_err(|_| "write it as 30s, 10m or 1h30m; a day is 24h".to_owned())?;
    Duration::try_from(span).map_err(|_| "a span of time is not negative".to_owned())
}

/// Runs the command.
///
/// # Errors
/// What kept it from looking.
pub fn run(args: &DoctorArgs) -> Result<Exit, Failure> {
    let snapshot = match &args.from {
        Some(file) => read(file)?,
        None => look(args)?,
    };
    let diagnosis = diagnose(&snapshot);
    let text = if args.json {
        json(&diagnosis)?
    } else {
        show::render(&diagnosis)
    };
    output::finish(output::print(&text))?;
    // Whoever has waited for it sees it, whatever becomes of the file.
    if let Some(file) = &args.save {
        save(file, &snapshot)?;
    }
    Ok(exit(&snapshot, &diagnosis))
}

/// Without an answer of the coordinator, nothing is known of the group.
fn exit(snapshot: &Snapshot, diagnosis: &Diagnosis) -> Exit {
    let group = snapshot.looks.last().map(|look| &look.group);
    match group {
        Some(Answer::Failed(_)) => Exit::KafkaUnreachable,
        _ if diagnosis.findings.is_empty() => Exit::Fine,
        _ => Exit::Problem,
    }
}

fn look(args: &DoctorArgs) -> Result<Snapshot, Failure> {
    let ask = ask(args)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Problem, error))?;
    let quiet = args.json;
    let watching = |time: Duration| {
        if !quiet {
            output::tell(format_args!(
                "something stands still; watching it for up to {time:?} …"
            ));
        }
    };
    runtime
        .block_on(doctor::examine(&ask, watching))
        .map_err(|errors| {
            let each: Vec<String> = errors.iter().map(ToString::to_string).collect();
            let what = format!("no broker of {} answers", ask.bootstrap);
            Failure::new(Exit::KafkaUnreachable, what)
                .cost(each.join("\n       "))
                .hint("are the brokers running, and is the address right?")
        })
}

fn ask(args: &DoctorArgs) -> Result<Ask, Failure> {
    let (bootstrap, settings, group, topics, hosts) = match &args.bootstrap {
        Some(bootstrap) => (
            bootstrap.clone(),
            args.settings.read()?,
            String::new(),
            Vec::new(),
            None,
        ),
        None => {
            let config = tools::load(&args.config.files)?;
            let topics = config.topics.into_keys().collect();
            let settings = settings(&config.kafka);
            let hosts = HostAccess {
                token: config.admin.token,
            };
            let kafka = config.kafka;
            (kafka.bootstrap, settings, kafka.group, topics, Some(hosts))
        }
    };
    let entrance = tools::entrance(&settings)?;
    let named = args.group.clone();
    // Another group has to do with other topics.
    let topics = match (&named, args.topics.as_slice()) {
        (None, []) => topics,
        (_, named) => named.to_vec(),
    };
    Ok(Ask {
        bootstrap,
        entrance,
        group: named.unwrap_or(group),
        topics,
        outputs: args.outputs.clone(),
        watch_for: args.watch_for,
        hosts,
    })
}

fn read(file: &PathBuf) -> Result<Snapshot, Failure> {
    let unreadable = |why: String| {
        Failure::new(
            Exit::Usage,
            format!("{} can't be read: {why}", file.display()),
        )
    };
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
    Snapshot::from_json(&text).map_err(unreadable)
}

fn save(file: &PathBuf, snapshot: &Snapshot) -> Result<(), Failure> {
    let unwritable = |why: String| {
        Failure::new(
            Exit::Problem,
            format!("{} can't be written: {why}", file.display()),
        )
    };
    let text = snapshot
        .to_json()
        .map_err(|error| unwritable(error.to_string()))?;
    std::fs::write(file, text).map_err(|error| unwritable(error.to_string()))
}

fn json(diagnosis: &Diagnosis) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(diagnosis);
    let text = text.map_err(|error| Failure::new(Exit::Problem, error))?;
    Ok(crate::escape::json(&text) + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read() {
        assert_eq!(span("3s"), Ok(Duration::from_secs(3)));
        assert_eq!(span("0s"), Ok(Duration::ZERO));
        assert_eq!(span("1m30s"), Ok(Duration::from_secs(90)));
        assert!(span("-1s").is_err());
        for wrong in ["soon", "10", "1d", "", "99999999999999999999h"] {
            let said = span(wrong).expect_err(wrong);
            assert!(
                said.contains("30s") && said.contains("24h"),
                "{wrong}: {said}"
            );
        }
    }
}
