//! `penstock emit --wait`: sends a record and follows it through the hosts of the group, to its
//! verdict, its outputs and the commit.
//!
//! Every host of the group is asked to watch for the record before it is sent, since it may be
//! done with it before its offset is known here.

mod crew;
mod followed;
mod show;

use std::io::Write;
use std::time::{Duration, Instant};

use penstock_core::config::Config;
use penstock_core::record::Offset;
use penstock_core::watch::{Event, Place};
use penstock_kafka::inspect::{From, Look, Next, Peek};

use super::{EmitArgs, Placed, Producer, client};
use crate::commands::peek::{self, show::Style};
use crate::commands::tools::{self, Cluster};
use crate::commands::{Exit, Failure, doctor, kafka, output};
use crate::fingerprint;
use crate::record_json::RecordJson;
use crew::Crew;
use followed::Followed;

/// Between two looks for hosts while nobody has the record.
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) fn time(text: &str) -> Result<Duration, String> {
    let time = doctor::span(text)?;
    if time.is_zero() {
        return Err("there is nothing to wait for in no time".to_owned());
    }
    Ok(time)
}

/// Sends the record and waits for what becomes of it.
///
/// # Errors
/// It could not be sent, or is not done in time: what is known of it.
pub(super) fn run(args: &EmitArgs, time: Duration) -> Result<Exit, Failure> {
    let config = tools::load(args.cluster.files())?;
    let Some(topic) = config.topics.get(&args.topic) else {
        let names: Vec<_> = config.topics.keys().map(String::as_str).collect();
        let what = format!(
            "{} is no input topic of the configuration, so no host of its group would take the \
             record",
            args.topic
        );
        return Err(Failure::new(Exit::Usage, what)
            .cost("nothing was sent")
            .hint(format!("its topics: {}", names.join(", "))));
    };
    let record = record(args)?;
    let cluster = args.cluster.cluster()?;
    let (key, value) = (record.key.as_deref(), record.value.as_deref());
    let mut crew = Crew::new(&config, fingerprint::of(&args.topic, key, value))?;
    crew.look()
        .map_err(|failure| failure.cost("nothing was sent"))?;
    if let Some(remark) = crew.remark() {
        output::tell(&remark);
    }
    let mut watching = Watching {
        config: &config,
        cluster: &cluster,
        begun: Instant::now(),
        out: anstream::stdout().lock(),
        followed: Followed::new(topic.handlers.len()),
    };
    let placed = send(args, &cluster, record)?;
    watching.say("sent", &place(&args.topic, placed))?;
    let followed = watching.until(args, placed, &mut crew, time);
    followed?.map_err(|known| {
        Failure::new(Exit::Problem, format!("not finished within {time:?}"))
            .cost(known)
            .hint(format!(
                "`penstock doctor {}` says what holds it up",
                tools::given(args.cluster.files())
            ))
    })
}

fn record(args: &EmitArgs) -> Result<RecordJson, Failure> {
    let mut batches = args.source.open()?;
    let batch = batches.next().transpose()?.unwrap_or_default();
    let mut record = batch.into_iter().next().unwrap_or_default();
    record.partition = super::partition(args, &record);
    Ok(record)
}

fn send(args: &EmitArgs, cluster: &Cluster, record: RecordJson) -> Result<Placed, Failure> {
    let mut producer = client::Client {
        cluster: cluster.clone(),
        topic: args.topic.clone(),
    };
    let mut placed = Vec::new();
    producer
        .send(&[record], &mut placed)
        .map_err(|failure| failure.cost("the record is not known to be written"))?;
    Ok(placed[0])
}

fn place(topic: &str, of: Placed) -> String {
    format!("{topic}[{}]@{}", of.partition, of.offset)
}

/// The record on its way, as it is shown.
struct Watching<'a, W> {
    config: &'a Config,
    cluster: &'a Cluster,
    begun: Instant,
    out: W,
    followed: Followed,
}

impl<W: Write> Watching<'_, W> {
    /// Shows each step. The inner error says what is known when the time is over.
    fn until(
        &mut self,
        args: &EmitArgs,
        placed: Placed,
        crew: &mut Crew,
        time: Duration,
    ) -> Result<Result<Exit, String>, Failure> {
        let deadline = Instant::now() + time;
        let mut look_at = Instant::now() + LOOK_EVERY;
        loop {
            if let Some(exit) = self.followed.exit() {
                return Ok(Ok(exit));
            }
            let now = Instant::now();
            if now >= deadline {
                // Best known now; if nobody answers any more, that is what is known.
                crew.look().unwrap_or_default();
                let mut known = self.followed.known(crew.all_watch());
                let remark = crew.remark().filter(|_| !self.followed.is_received());
                let waits = crew.waits(&args.topic, placed.partition);
                for more in remark.into_iter().chain(waits) {
                    known = format!("{known}\n       {more}");
                }
                return Ok(Err(known));
            }
            if now >= look_at {
                look_at = now + LOOK_EVERY;
                if !self.followed.is_received() {
                    // While Kafka is away, hosts are too; the deadline ends it.
                    crew.look().unwrap_or_default();
                    if let Some(host) = crew.is_past(&args.topic, placed.partition, placed.offset) {
                        let what =
                            format!("host {host} was done with it before it could be watched");
                        return Err(Failure::new(Exit::Problem, what)
                            .cost("the record is handled, and was not followed")
                            .hint(
                                "that host's log says what became of it; what is sent once the \
                                 host has its partitions is followed",
                            ));
                    }
                }
            }
            let Some(news) = crew.next(deadline.min(look_at)) else {
                continue;
            };
            if (news.step.partition, news.step.offset) != (placed.partition, placed.offset) {
                continue;
            }
            self.followed.on(&news.host, &news.step.event);
            let group = &self.config.kafka.group;
            let (what, text) = show::step(&news.host, group, &news.step.event);
            self.say_at(news.at, what, &text)?;
            if let Event::Acknowledged { place, .. } = &news.step.event {
                let content = self.content(place);
                self.write(&content)?;
            }
        }
    }

    fn say(&mut self, what: &str, text: &str) -> Result<(), Failure> {
        self.say_at(Instant::now(), what, text)
    }

    fn say_at(&mut self, at: Instant, what: &str, text: &str) -> Result<(), Failure> {
        let after = at.saturating_duration_since(self.begun);
        let line = show::line(after, what, text);
        self.write(&line)
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        let written = self.out.write_all(text.as_bytes());
        let written = written.and_then(|()| self.out.flush());
        output::finish(written).map(drop)
    }

    /// A message that was sent, as it lies there.
    fn content(&self, place: &Place) -> String {
        let look = Look {
            topic: place.topic.clone(),
            partition: Some(place.partition),
            from: From::Offset(Offset(place.offset)),
            follow: false,
            timeout: kafka::TIMEOUT,
        };
        let found = Peek::open(&self.cluster.kafka, "penstock-emit", &look)
            .and_then(|mut reader| reader.next(kafka::TIMEOUT));
        match found {
            Ok(Next::Record(record)) => {
                let record = peek::shape(&place.topic, record);
                let content = peek::show::content(&record, Style::Plain, show::INDENT);
                format!("{}{content}", show::INDENT)
            }
            Ok(Next::Waiting | Next::End) => format!("{}  (it is not there)\n", show::INDENT),
            Err(error) => format!("{}  (it can't be read: {error})\n", show::INDENT),
        }
    }
}
