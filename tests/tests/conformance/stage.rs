//! The broker with the records of all cases, and a host that runs a language's plugin on them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use penstock_tests::{
    Broker, BrokerOptions, Host, HostConfig, Outgoing, Producer, Record, eventually,
};
use serde_json::Value;

use crate::cases::{CASES, Case};
use crate::language::Language;

/// A plugin of megabytes may have to be compiled first.
const READY: Duration = Duration::from_secs(120);
/// All cases, on a busy machine.
const DONE: Duration = Duration::from_secs(60);
/// As the broker, the topics and the clients allow it.
const MESSAGE_BYTES_MAX: &str = "4194304";
const NEVER: &str = "9223372036854775807";

/// Where a case's records lie. Each is a topic, and a handler of that name reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// With the producers' timestamps.
    Plain,
    /// With the broker's timestamps.
    Appended,
    /// At the last offsets that there are.
    Far,
}

const INPUTS: [Input; 3] = [Input::Plain, Input::Appended, Input::Far];

/// The last offset that a topic can have: the one after it is where a group goes on.
pub const LAST_OFFSET: i64 = i64::MAX - 1;

impl Input {
    /// The topic, and the handler of its records.
    pub fn name(self) -> &'static str {
        match self {
            Input::Plain => "plain",
            Input::Appended => "appended",
            Input::Far => "far",
        }
    }
}

/// A broker with the records of all cases, which every language reads.
pub struct Stage {
    broker: Broker,
    /// The offset of each record, by case.
    placed: BTreeMap<&'static str, Vec<i64>>,
}

impl Stage {
    /// The one of this program.
    ///
    /// # Panics
    /// When there is none: no test can go on.
    pub fn shared() -> &'static Stage {
        static SHARED: OnceLock<Stage> = OnceLock::new();
        SHARED.get_or_init(|| Stage::build().unwrap_or_else(|error| panic!("{error:#}")))
    }

    fn build() -> Result<Stage> {
        let settings = [("message.max.bytes", MESSAGE_BYTES_MAX)];
        let mut broker = Broker::start(BrokerOptions {
            settings: settings.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            ..BrokerOptions::default()
        })?;
        let topic = |broker: &Broker, input: Input, kind: &str| {
            let more = [("message.timestamp.type", kind)];
            create(broker, input.name(), &more)
        };
        topic(&broker, Input::Plain, "CreateTime")?;
        topic(&broker, Input::Appended, "LogAppendTime")?;
        topic(&broker, Input::Far, "CreateTime")?;
        let far = i64::try_from(all_of(Input::Far).count())?;
        let mut placed = BTreeMap::new();
        for input in INPUTS {
            let first = match input {
                Input::Far => LAST_OFFSET + 1 - far,
                _ => 0,
            };
            let records: Vec<_> = all_of(input).map(|(_, record)| record).collect();
            send(&broker, &records)?;
            for ((case, _), offset) in all_of(input).zip(first..) {
                placed.entry(case).or_insert_with(Vec::new).push(offset);
            }
        }
        broker.move_offsets(Input::Far.name(), 0, LAST_OFFSET + 1 - far)?;
        Ok(Stage {
            broker: broker.until_exit(),
            placed,
        })
    }

    /// A topic of one partition, and records in it.
    pub fn add(&self, topic: &str, records: &[Outgoing]) -> Result<()> {
        create(&self.broker, topic, &[])?;
        send(&self.broker, records)
    }

    /// A host of `group` without topics yet.
    pub fn host(&self, group: &str) -> HostConfig {
        HostConfig::new(self.broker.bootstrap(), group, "h1")
            .set(&["kafka", "commit-interval"], "100ms")
            .set(&["kafka", "common", "message.max.bytes"], MESSAGE_BYTES_MAX)
    }

    /// A handler of this name with a plugin, and its topics.
    pub fn handler(&self, config: HostConfig, name: &str, plugin: &Path) -> Result<HostConfig> {
        let topics = Topics::of(config_group(&config)?, name);
        for topic in [&topics.out, &topics.about, &topics.dead] {
            create(&self.broker, topic, &[])?;
        }
        let outputs = [("out", &*topics.out), ("about", &*topics.about)];
        Ok(config
            .handler(name, plugin, &outputs)
            .set(&["handlers", name, "settings", "word"], WORD)
            .set(&["handlers", name, "settings", "count"], "7")
            .set(&["handlers", name, "limits", "outputs"], 2000)
            .set(&["handlers", name, "limits", "output-bytes"], "4MiB")
            .topic(name, &[name], "earliest", Some(&topics.dead)))
    }

    /// Waits until the group has committed the end of a topic.
    pub fn caught_up(&self, group: &str, topic: &str) {
        eventually(&format!("{topic} is committed"), DONE, || {
            self.broker.client().caught_up(group, topic)
        });
    }
}

/// The setting `word` of every handler.
pub const WORD: &str = "héllo \"世界\"\n😀";

fn config_group(config: &HostConfig) -> Result<String> {
    let table: toml::Table = config.toml()?.parse()?;
    let group = table["kafka"]["group"].as_str();
    Ok(group.context("a host has a group")?.to_owned())
}

struct Topics {
    out: String,
    about: String,
    dead: String,
}

impl Topics {
    fn of(group: String, handler: &str) -> Topics {
        let topic = |end: &str| format!("{group}.{handler}.{end}");
        Topics {
            out: topic("out"),
            about: topic("about"),
            dead: topic("dead"),
        }
    }
}

fn all_of(input: Input) -> impl Iterator<Item = (&'static str, Outgoing)> {
    let cases = CASES.iter().filter(move |case| case.input == input);
    cases.flat_map(move |case| {
        let records = (case.records)(Outgoing::to(input.name()).partition(0));
        records.into_iter().map(|record| (case.name, record))
    })
}

fn create(broker: &Broker, topic: &str, more: &[(&str, &str)]) -> Result<()> {
    let settings = [
        ("retention.ms", "-1"),
        ("message.timestamp.after.max.ms", NEVER),
    ];
    let settings = [&settings[..], more].concat();
    broker.client().create_topic(topic, 1, &settings)
}

fn send(broker: &Broker, records: &[Outgoing]) -> Result<()> {
    let limit = [("message.max.bytes", MESSAGE_BYTES_MAX)];
    let producer = Producer::with_settings(broker.bootstrap(), &limit)?;
    for record in records {
        producer.send(record)?;
    }
    producer.flush().map(drop)
}

/// What came of all records.
pub struct Run {
    handled: BTreeMap<(Input, i64), Handled>,
}

/// What came of one record.
pub struct Handled {
    /// `emitted`, `skipped` or `dead-lettered`
    pub verdict: String,
    /// What went to `out`.
    pub outs: Vec<Record>,
    /// What went to `about`.
    pub about: Option<Value>,
    /// Its dead letter.
    pub letter: Option<Record>,
    /// The log's lines of it, those of the host too.
    pub lines: Vec<Value>,
}

/// Short: all that the log says of it.
impl fmt::Debug for Handled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = self.lines.iter().map(|line| {
            let text = line["text"].as_str().unwrap_or_default();
            format!("{} {text}", line["message"].as_str().unwrap_or_default())
        });
        write!(
            f,
            "{} outputs, {:?}",
            self.outs.len(),
            told.collect::<Vec<_>>()
        )
    }
}

/// A case with what came of its records.
pub struct Seen<'a> {
    /// The plugin's.
    pub language: &'a Language,
    /// What was sent.
    pub sent: Vec<Outgoing>,
    /// Where it lies.
    pub offsets: &'a [i64],
    /// What came of each.
    pub handled: Vec<&'a Handled>,
}

impl Run {
    /// Runs a host with the plugin until all records are committed.
    pub fn of(stage: &Stage, language: &Language, plugin: &Path, which: &str) -> Result<Run> {
        let group = format!("{}-{which}", language.name.to_lowercase());
        let mut config = stage.host(&group).variable("PENSTOCK_LOG", "trace");
        for input in INPUTS {
            config = stage.handler(config, input.name(), plugin)?;
        }
        let mut host = Host::start(&config)?;
        host.ready(READY)?;
        for input in INPUTS {
            stage.caught_up(&group, input.name());
        }
        let log = host.process().log();
        host.stop()?;
        let lines: Vec<Value> = log
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let mut handled = BTreeMap::new();
        for input in INPUTS {
            let topics = Topics::of(group.clone(), input.name());
            let each = collect(stage, input, &topics, &lines)?;
            handled.extend(each.into_iter().map(|(at, one)| ((input, at), one)));
        }
        Ok(Run { handled })
    }

    /// What came of a case's records.
    pub fn seen<'a>(
        &'a self,
        stage: &'a Stage,
        language: &'a Language,
        case: &Case,
    ) -> Result<Seen<'a>> {
        let offsets = &stage.placed[case.name];
        let handled = offsets.iter().map(|offset| {
            let one = self.handled.get(&(case.input, *offset));
            one.with_context(|| format!("{}: nothing of {offset}", case.name))
        });
        Ok(Seen {
            language,
            sent: (case.records)(Outgoing::to(case.input.name())),
            offsets,
            handled: handled.collect::<Result<_>>()?,
        })
    }

    /// Whether another run wrote the same.
    pub fn same_as(&self, other: &Run) -> Result<()> {
        let content = |records: &[Record]| -> Vec<_> {
            let content = |one: &Record| (one.key.clone(), one.value.clone(), one.headers.clone());
            records.iter().map(content).collect()
        };
        for (at, one) in &self.handled {
            let another = other.handled.get(at).context("it had no such record")?;
            ensure!(one.verdict == another.verdict, "{at:?}: {another:?}");
            ensure!(one.about == another.about, "{at:?}: {another:?}");
            ensure!(
                content(&one.outs) == content(&another.outs),
                "{at:?}: {:?} and {:?}",
                one.outs,
                another.outs
            );
        }
        Ok(())
    }
}

/// The records of one input with their outputs: both topics have one partition, so their order is
/// that of the records, and the host's log says how many each has.
fn collect(
    stage: &Stage,
    input: Input,
    topics: &Topics,
    lines: &[Value],
) -> Result<BTreeMap<i64, Handled>> {
    let client = stage.broker.client();
    let mut outs = client.read_all(&topics.out)?.into_iter();
    let mut abouts = client.read_all(&topics.about)?.into_iter();
    let letters = client.read_all(&topics.dead)?;
    let mut handled = BTreeMap::new();
    for offset in stage.placed.values().flatten().copied() {
        let of_it = |line: &&Value| line["topic"] == input.name() && line["offset"] == offset;
        let lines: Vec<Value> = lines.iter().filter(of_it).cloned().collect();
        let verdicts = ["emitted", "skipped", "dead-lettered"];
        let Some(verdict) = lines
            .iter()
            .find(|line| verdicts.iter().any(|verdict| line["message"] == *verdict))
        else {
            continue;
        };
        handled.insert(offset, (verdict.clone(), lines));
    }
    let mut whole = BTreeMap::new();
    for (offset, (verdict, lines)) in handled {
        let emitted = verdict["outputs"].as_u64().unwrap_or(0) as usize;
        let about = (emitted > 0).then(|| abouts.next()).flatten();
        let one = Handled {
            verdict: verdict["message"].as_str().unwrap_or_default().to_owned(),
            outs: outs.by_ref().take(emitted.saturating_sub(1)).collect(),
            about: about.map(|about| about.json()).transpose()?,
            letter: letters
                .iter()
                .find(|letter| letter.header("penstock.offset") == Some(offset.to_string()))
                .cloned(),
            lines,
        };
        whole.insert(offset, one);
    }
    ensure!(
        outs.next().is_none() && abouts.next().is_none(),
        "{}: there are more outputs than the host says",
        input.name()
    );
    Ok(whole)
}
