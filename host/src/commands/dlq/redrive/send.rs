//! Sends what is meant, batch by batch, until it is done, interrupted or refused.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, TryRecvError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use penstock_core::dead_letter::{Letter, Progress};
use penstock_kafka::ToolError;
use penstock_kafka::inspect::{Next, Peek, Peeked};
use penstock_kafka::redrive::{BatchError, Outgoing, Redriver};

use super::super::letters::{CLIENT_ID, progress};
use super::pace::Pace;
use super::plan::{Plan, too_scattered};
use super::{Exit, Failure, RedriveArgs, open};
use crate::commands::kafka;
use crate::commands::peek::silent;
use crate::commands::tools::Cluster;
use crate::signals;

/// A redrive on its way.
pub(super) struct Sending<'a> {
    args: &'a RedriveArgs,
    cluster: &'a Cluster,
    plan: &'a Plan,
    redriver: Redriver,
    progress: BTreeMap<i32, Progress>,
    pace: Pace,
    begun: Instant,
    sent: u64,
    refused: Vec<String>,
    bar: ProgressBar,
}

/// A dead letter, ready to go.
struct Ready {
    partition: i32,
    offset: i64,
    record: Outgoing,
}

impl<'a> Sending<'a> {
    pub(super) fn new(
        args: &'a RedriveArgs,
        cluster: &'a Cluster,
        plan: &'a Plan,
        redriver: Redriver,
        progress: BTreeMap<i32, Progress>,
    ) -> Sending<'a> {
        let look = "{bar:30} {pos} of {len}  {rate}  {eta} left";
        let style = ProgressStyle::with_template(look);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let style = style.with_key("rate", |state: &ProgressState, text: &mut dyn Write| {
            // Who draws it has no use for an error.
            write!(text, "{:.0}/s", state.per_sec()).unwrap_or_default();
        });
        Sending {
            args,
            cluster,
            plan,
            redriver,
            progress,
            pace: Pace(args.rate),
            begun: Instant::now(),
            sent: 0,
            refused: Vec::new(),
            // It draws on standard error, and only where that is a terminal.
            bar: ProgressBar::new(plan.count()).with_style(style),
        }
    }

    /// Sends all; an interruption ends it behind the batch in hand.
    pub(super) fn run(mut self) -> Result<Exit, Failure> {
        let (stop, stopped) = mpsc::channel();
        signals::watch(stop).map_err(|error| Failure::new(Exit::Problem, error))?;
        let is_done = self.send_all(&stopped);
        self.bar.finish_and_clear();
        let is_done = is_done.map_err(|failure| failure.cost(self.so_far()))?;
        anstream::eprintln!("{}", self.so_far());
        if !is_done {
            anstream::eprintln!(
                "interrupted: the same command goes on with the {} that are left",
                self.plan.count().saturating_sub(self.sent)
            );
            return Ok(Exit::Problem);
        }
        if self.refused.is_empty() {
            return Ok(Exit::Fine);
        }
        for why in &self.refused {
            anstream::eprintln!("not sent: {why}");
        }
        Ok(Exit::Problem)
    }

    fn so_far(&self) -> String {
        match self.sent {
            0 => "nothing was sent".to_owned(),
            1 => "1 record was sent back".to_owned(),
            many => format!("{many} records were sent back"),
        }
    }

    /// `false`: it was interrupted.
    fn send_all(&mut self, stopped: &Receiver<String>) -> Result<bool, Failure> {
        let topic = &self.args.topic;
        let fail = |error| kafka::failure(error, topic, self.cluster);
        let ranges = self.plan.ranges();
        let kafka = &self.cluster.kafka;
        let reader = Peek::ranges(kafka, CLIENT_ID, topic, &ranges, kafka::TIMEOUT);
        let mut reader = reader.map_err(fail)?;
        let mut position: BTreeMap<i32, i64> = ranges
            .into_iter()
            .map(|(partition, range)| (partition, range.start))
            .collect();
        let (mut batch, mut bytes) = (Vec::new(), 0);
        loop {
            match reader.next(kafka::TIMEOUT).map_err(fail)? {
                Next::Record(record) => {
                    self.pass_gap(&mut position, &record);
                    if let Some(ready) = self.ready(record) {
                        bytes += ready.bytes();
                        batch.push(ready);
                    }
                }
                Next::Waiting => return Err(silent(topic)),
                Next::End => break,
            }
            if self.pace.is_full(batch.len(), bytes) {
                if self.is_stopped(stopped) {
                    return Ok(false);
                }
                self.send(std::mem::take(&mut batch))?;
                bytes = 0;
            }
        }
        if batch.is_empty() {
            return Ok(true);
        }
        if self.is_stopped(stopped) {
            return Ok(false);
        }
        self.send(batch)?;
        Ok(true)
    }

    /// Offsets that hold no record part no ranges of what is done.
    fn pass_gap(&mut self, position: &mut BTreeMap<i32, i64>, record: &Peeked) {
        let Some(position) = position.get_mut(&record.partition) else {
            return;
        };
        if *position < record.offset.0 {
            let of = self.progress.entry(record.partition).or_default();
            of.done(*position..record.offset.0);
        }
        *position = record.offset.0 + 1;
    }

    /// The record as it goes back, if it is meant and was not sent before.
    fn ready(&self, mut record: Peeked) -> Option<Ready> {
        let (partition, offset) = (record.partition, record.offset.0);
        let is_chosen = self.plan.chosen.get(&partition)?.contains(offset);
        let of = self.progress.get(&partition);
        if !is_chosen || of.is_some_and(|of| of.is_done(offset)) {
            return None;
        }
        let letter = Letter::read(std::mem::take(&mut record.headers));
        let only = letter.handler.as_deref().filter(|_| self.args.handler_only);
        Some(Ready {
            partition,
            offset,
            record: Outgoing {
                topic: Arc::from(letter.origin.as_ref()?.topic.as_str()),
                partition: self.plan.partition(&letter),
                key: record.key,
                value: record.value,
                headers: letter.redriven(only)?,
            },
        })
    }

    /// Waits as long as the rate wants it; `true`: the user wants an end.
    fn is_stopped(&self, stopped: &Receiver<String>) -> bool {
        let rest = self.pace.rest(self.sent, self.begun.elapsed());
        if rest.is_zero() {
            return stopped.try_recv() != Err(TryRecvError::Empty);
        }
        stopped.recv_timeout(rest) != Err(RecvTimeoutError::Timeout)
    }

    fn send(&mut self, batch: Vec<Ready>) -> Result<(), Failure> {
        let (letters, records): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .map(|of| ((of.partition, of.offset), of.record))
            .unzip();
        let Some(why) = self.try_send(&letters, &records)? else {
            return Ok(());
        };
        if let [letter] = letters[..] {
            self.refuse(letter, &why);
            return Ok(());
        }
        // Which one of them it was, each alone tells.
        for (letter, record) in letters.into_iter().zip(records) {
            let of = self.progress.get(&letter.0);
            if of.is_none_or(|of| !of.is_done(letter.1))
                && let Some(why) = self.try_send(&[letter], &[record])?
            {
                self.refuse(letter, &why);
            }
        }
        Ok(())
    }

    fn refuse(&mut self, (partition, offset): (i32, i64), why: &str) {
        self.refused.push(format!(
            "{partition}:{offset}: {why}; the topic that it came from takes no such record now"
        ));
    }

    /// One transaction; why a broker refuses a record of it, if one does.
    fn try_send(
        &mut self,
        letters: &[(i32, i64)],
        records: &[Outgoing],
    ) -> Result<Option<String>, Failure> {
        let mut after: BTreeMap<i32, Progress> = BTreeMap::new();
        for (partition, offset) in letters {
            let before = self.progress.get(partition).cloned().unwrap_or_default();
            let of = after.entry(*partition).or_insert(before);
            of.done(*offset..*offset + 1);
        }
        let commit = |(partition, of): (&i32, &Progress)| {
            let metadata = of.metadata();
            let metadata = metadata.map_err(|_| too_scattered(&self.args.topic, *partition))?;
            Ok((*partition, (of.next(), metadata)))
        };
        let commits = after.iter().map(commit).collect::<Result<_, Failure>>()?;
        match self.redriver.send(records, &commits) {
            Ok(()) => {
                self.progress.extend(after);
                self.sent += letters.len() as u64;
                self.bar.inc(letters.len() as u64);
                Ok(None)
            }
            Err(BatchError::Refused(why)) => {
                self.redriver = open(&self.args.topic, self.cluster)?;
                self.progress = progress(&self.args.topic, self.cluster)?;
                Ok(Some(why))
            }
            Err(BatchError::Superseded) => Err(Failure::new(
                Exit::Problem,
                format!(
                    "another redrive of {} has begun, and goes on",
                    self.args.topic
                ),
            )
            .hint("nothing was sent twice; let that one end")),
            Err(BatchError::NotSent(error)) => Err(self
                .failure(error)
                .hint("nothing was sent twice or in part; the same command goes on from here")),
            Err(BatchError::Unknown(error)) => Err(self.failure(error).hint(
                "whether the last batch was sent is not known; the same command finds out, and \
                 sends nothing twice",
            )),
        }
    }

    fn failure(&self, error: ToolError) -> Failure {
        let topic = match &error {
            ToolError::TopicMissing { topic, .. } => topic.clone(),
            _ => self.args.topic.clone(),
        };
        kafka::failure(error, &topic, self.cluster)
    }
}

impl Ready {
    /// Bytes of key and value.
    fn bytes(&self) -> usize {
        let len = |of: &Option<Vec<u8>>| of.as_ref().map_or(0, Vec::len);
        len(&self.record.key) + len(&self.record.value)
    }
}
