//! What a redrive would do: which dead letters, and where they would go.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use penstock_core::dead_letter::{Convention, Filter, Letter, OffsetRanges};
use penstock_kafka::inspect::Peeked;
use penstock_kafka::redrive::partition_count;

use super::super::letters::{CLIENT_ID, look, progress};
use super::super::which::takes;
use super::{Exit, Failure, RedriveArgs, Targets};
use crate::commands::columns::{shown, table};
use crate::commands::kafka;
use crate::commands::tools::Cluster;

/// See the module.
#[derive(Default)]
pub(super) struct Plan {
    /// The offsets that are meant, by partition.
    pub(super) chosen: BTreeMap<i32, OffsetRanges>,
    /// How many partitions each topic has that records go to.
    pub(super) counts: BTreeMap<String, i32>,
    /// Where they would go.
    targets: Targets,
    /// Topics with the handlers that could not process their records.
    pub(super) handlers: BTreeSet<(String, String)>,
    /// Letters that were not redriven yet.
    pub(super) looked_at: u64,
    /// Letters that are meant, and were redriven before.
    pub(super) done: u64,
    /// Letters that are meant, and don't tell where they came from.
    homeless: u64,
    /// Letters that are meant, and name no handler of Penstock's.
    nobodys: u64,
}

impl Plan {
    /// Looks at all that lies there now. What comes later, as what fails again, is not meant.
    pub(super) fn of(
        args: &RedriveArgs,
        cluster: &Cluster,
        filter: &Filter,
    ) -> Result<Plan, Failure> {
        let topic = &args.topic;
        let mut progress = progress(topic, cluster)?;
        let mut plan = Plan::default();
        let mut missing: BTreeSet<_> = filter.places.iter().copied().collect();
        look(topic, cluster, filter, &mut |record, letter| {
            missing.remove(&(record.partition, record.offset.0));
            let of = progress.get(&record.partition);
            let is_done = of.is_some_and(|of| of.is_done(record.offset.0));
            plan.looked_at += u64::from(!is_done);
            if !takes(filter, &letter, &record) {
                return Ok(());
            }
            if is_done {
                plan.done += 1;
                return Ok(());
            }
            plan.choose(args, cluster, &record, &letter)
        })?;
        // From a time on, what lies before it is not read.
        if let Some((partition, offset)) = missing.first()
            && filter.since_ms.is_none()
        {
            let what = format!("no dead letter lies at {partition}:{offset} of {topic}");
            return Err(Failure::new(Exit::Problem, what)
                .cost("nothing was sent")
                .hint(format!("`penstock dlq list {topic}` shows where they lie")));
        }
        for (partition, chosen) in &plan.chosen {
            let of = progress.entry(*partition).or_default();
            chosen.iter().for_each(|range| of.done(range.clone()));
            of.metadata()
                .map_err(|_| too_scattered(topic, *partition))?;
        }
        Ok(plan)
    }

    fn choose(
        &mut self,
        args: &RedriveArgs,
        cluster: &Cluster,
        record: &Peeked,
        letter: &Letter,
    ) -> Result<(), Failure> {
        let Some(origin) = &letter.origin else {
            self.homeless += 1;
            return Ok(());
        };
        if args.handler_only {
            let handler = letter.handler.as_ref();
            let Some(handler) = handler.filter(|_| letter.convention == Convention::Penstock)
            else {
                self.nobodys += 1;
                return Ok(());
            };
            self.handlers
                .insert((origin.topic.clone(), handler.clone()));
        }
        if !self.counts.contains_key(&origin.topic) {
            let count = partition_count(&cluster.kafka, CLIENT_ID, &origin.topic, kafka::TIMEOUT);
            let count =
                count.map_err(|error| no_way_back(error, origin.topic.as_str(), cluster))?;
            self.counts.insert(origin.topic.clone(), count);
        }
        let target = (origin.topic.clone(), self.partition(letter));
        *self.targets.entry(target).or_default() += 1;
        let offset = record.offset.0;
        let chosen = self.chosen.entry(record.partition).or_default();
        chosen.insert(offset..offset + 1);
        Ok(())
    }

    /// The original partition, if it is there.
    pub(super) fn partition(&self, letter: &Letter) -> Option<i32> {
        let origin = letter.origin.as_ref()?;
        let count = self.counts.get(&origin.topic)?;
        origin.partition.filter(|of| (0..*count).contains(of))
    }

    /// How many letters are meant.
    pub(super) fn count(&self) -> u64 {
        self.chosen.values().map(OffsetRanges::count).sum()
    }

    /// The same, in words.
    pub(super) fn letters(&self) -> String {
        match self.count() {
            1 => "1 dead letter".to_owned(),
            many => format!("{many} dead letters"),
        }
    }

    /// Which offsets have to be read, by partition.
    pub(super) fn ranges(&self) -> BTreeMap<i32, Range<i64>> {
        let range = |of: &OffsetRanges| {
            let mut all = of.iter();
            let first = all.next()?.clone();
            let end = all.last().map_or(first.end, |last| last.end);
            Some(first.start..end)
        };
        let ranges = self.chosen.iter();
        ranges
            .filter_map(|(partition, of)| Some((*partition, range(of)?)))
            .collect()
    }

    /// What is left out.
    pub(super) fn notes(&self, args: &RedriveArgs) -> Vec<String> {
        let note = |count: u64, why: &str| (count > 0).then(|| format!("left out: {count} {why}"));
        let notes = [
            note(self.done, "that were redriven before"),
            note(
                self.homeless,
                "whose headers do not tell where they came from",
            ),
            note(
                self.nobodys,
                "that name no handler of Penstock's, as --handler-only needs it",
            ),
            (args.handler_only && args.cluster.files().is_empty()).then(|| {
                "note: whether the topics still have these handlers is not known without -c"
                    .to_owned()
            }),
        ];
        notes.into_iter().flatten().collect()
    }

    /// What would go where.
    pub(super) fn table(&self, handler_only: bool) -> String {
        let mut table = table(&["to", "partition", "records"], 1..3);
        for ((topic, partition), count) in &self.targets {
            let partition = partition.map_or_else(|| "by key".to_owned(), |of| of.to_string());
            table.add_row([shown(topic), partition, count.to_string()]);
        }
        let mut text = table.trim_fmt() + "\n";
        if handler_only {
            let names: BTreeSet<_> = self.handlers.iter().map(|(_, name)| shown(name)).collect();
            let names: Vec<_> = names.into_iter().collect();
            text += &format!("only for {}\n", names.join(", "));
        }
        text
    }
}

fn no_way_back(error: penstock_kafka::ToolError, topic: &str, cluster: &Cluster) -> Failure {
    kafka::failure(error, topic, cluster).cost(format!(
        "nothing was sent: there are dead letters of {topic}"
    ))
}

/// More separate ranges than a commit can say.
pub(super) fn too_scattered(topic: &str, partition: i32) -> Failure {
    let what =
        format!("{topic}[{partition}]: what would be redriven lies too scattered to be remembered");
    Failure::new(Exit::Problem, what)
        .cost("a commit of Kafka's carries some 1,000 separate ranges of offsets a partition")
        .hint(
            "redrive with fewer filters, or a part of it with --until; `purge` what is not needed",
        )
}
