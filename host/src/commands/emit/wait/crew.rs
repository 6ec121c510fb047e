//! The hosts of the group, each of which watches for the record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use penstock_core::config::{Config, Secret};
use penstock_core::diagnosis::snapshot::Answer;
use penstock_core::status::Status;
use penstock_core::watch::{Step, Wanted};

use crate::commands::{Exit, Failure, group_args, tools};
use crate::doctor::{HostAccess, Observer};
use crate::{escape, hosts, plan};

/// See the module.
pub(super) struct Crew {
    runtime: tokio::runtime::Runtime,
    observer: Observer,
    group: String,
    token: Option<Secret>,
    wanted: Wanted,
    /// Those that watch, each with the time it was started.
    watching: BTreeMap<String, String>,
    /// As they answered at the last look.
    statuses: Vec<Status>,
    /// Why others don't watch.
    unasked: Vec<String>,
    news: (Sender<Told>, Receiver<Told>),
}

/// A step, and the host it is of.
#[derive(Debug)]
pub(super) struct News {
    pub host: String,
    /// When it happened, by the clock of this process.
    pub at: Instant,
    pub step: Step,
}

enum Told {
    News(News),
    /// A host does not answer any more.
    Gone(String),
}

impl Crew {
    pub(super) fn new(config: &Config, wanted: Wanted) -> Result<Crew, Failure> {
        let token = config.admin.token.clone();
        let mut ask = plan::watch(config).map_err(tools::no_way_in)?;
        ask.hosts = Some(HostAccess {
            token: token.clone(),
        });
        Ok(Crew {
            runtime: group_args::runtime()?,
            group: ask.group.clone(),
            observer: Observer::new(ask, None),
            token,
            wanted,
            watching: BTreeMap::new(),
            statuses: Vec::new(),
            unasked: Vec::new(),
            news: mpsc::channel(),
        })
    }

    /// Finds the hosts, and has those watch that don't yet.
    ///
    /// # Errors
    /// No broker answers.
    pub(super) fn look(&mut self) -> Result<(), Failure> {
        let look = self.runtime.block_on(self.observer.look(BTreeSet::new()));
        let look = look.map_err(|errors| {
            let each: Vec<String> = errors.iter().map(ToString::to_string).collect();
            let what = format!("no broker answers: {}", each.join("; "));
            Failure::new(Exit::KafkaUnreachable, what)
                .hint("are the brokers running, and is the address right?")
        })?;
        self.statuses.clear();
        self.unasked.clear();
        for host in look.hosts {
            match host.status {
                Answer::Known(status) => {
                    if self.watching.get(&status.host) != Some(&status.started) {
                        self.have_watch(&host.address, &status);
                    }
                    self.statuses.push(status);
                }
                other => {
                    let why = other.why().map(|why| format!("{}: {why}", host.client));
                    self.unasked.extend(why);
                }
            }
        }
        Ok(())
    }

    fn have_watch(&mut self, url: &str, status: &Status) {
        let asked = Instant::now();
        match hosts::watch(url, self.token.as_ref(), &self.wanted) {
            Ok(opened) => {
                // Between asking and the answer; half of it is as near as one can get.
                let opened_at = asked + asked.elapsed() / 2;
                let watched = Watched {
                    url: url.to_owned(),
                    token: self.token.clone(),
                    host: status.host.clone(),
                    watch: opened.watch,
                    opened_at,
                    news: self.news.0.clone(),
                };
                std::thread::spawn(move || watched.follow());
                let started = status.started.clone();
                self.watching.insert(status.host.clone(), started);
            }
            Err(error) => self.unasked.push(format!("{}: {error}", status.host)),
        }
    }

    /// Whether no host was left that could not be asked to watch.
    pub(super) fn all_watch(&self) -> bool {
        self.unasked.is_empty()
    }

    /// Why it may be that nothing is seen, if it may be so.
    pub(super) fn remark(&self) -> Option<String> {
        if !self.unasked.is_empty() {
            let each = self.unasked.join("; ");
            return Some(format!("(these hosts can't be asked to watch: {each})"));
        }
        self.watching.is_empty().then(|| {
            format!(
                "(no Penstock host is a member of group {}, or the group is being joined: \
                 waiting for one)",
                self.group
            )
        })
    }

    /// The host that had committed the record at the last look, before it was seen there.
    pub(super) fn is_past(&self, topic: &str, partition: i32, offset: i64) -> Option<&str> {
        let past = |status: &&Status| {
            let mut partitions = status.partitions.iter();
            partitions.any(|of| {
                (of.topic.as_str(), of.partition) == (topic, partition)
                    && of.committed.is_some_and(|next| next > offset)
            })
        };
        let status = self.statuses.iter().find(past)?;
        Some(&status.host)
    }

    /// What the partition waited for at the last look.
    pub(super) fn waits(&self, topic: &str, partition: i32) -> Option<String> {
        let mut partitions = self.statuses.iter().flat_map(|of| &of.partitions);
        let of = partitions.find(|of| (of.topic.as_str(), of.partition) == (topic, partition))?;
        let waits = of.waits.as_ref()?;
        let code = waits.code.as_deref().map(|code| format!(" ({code})"));
        let (kind, text, code) = (&waits.kind, &waits.text, code.unwrap_or_default());
        let waits = format!("{topic}[{partition}] waits: {kind}: {text}{code}");
        Some(escape::text(waits.as_bytes()))
    }

    /// The next step; waits for it at most until `deadline`.
    pub(super) fn next(&mut self, deadline: Instant) -> Option<News> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.news.1.recv_timeout(left).ok()? {
                Told::News(news) => return Some(news),
                Told::Gone(host) => drop(self.watching.remove(&host)),
            }
        }
    }
}

/// A host's watch.
struct Watched {
    url: String,
    token: Option<Secret>,
    host: String,
    watch: u64,
    opened_at: Instant,
    news: Sender<Told>,
}

impl Watched {
    /// Tells each step, until nobody listens or the host does not answer.
    fn follow(self) {
        let mut from = 0;
        while let Ok(seen) = hosts::seen(&self.url, self.token.as_ref(), self.watch, from) {
            from += seen.steps.len();
            for step in seen.steps {
                let news = Told::News(News {
                    host: self.host.clone(),
                    at: self.opened_at + Duration::from_micros(step.after_us),
                    step,
                });
                if self.news.send(news).is_err() {
                    return;
                }
            }
        }
        // Whoever would have listened has left.
        drop(self.news.send(Told::Gone(self.host)));
    }
}
