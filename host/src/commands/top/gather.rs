//! Asks the hosts, again and again, on a thread of its own: a slow one must not hold the keys up.

use std::collections::BTreeSet;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

use penstock_core::config::{Config, Secret};
use penstock_core::diagnosis::snapshot::Answer;

use super::Input;
use super::sample::{Answered, Sample};
use crate::commands::{Failure, group_args, tools};
use crate::doctor::{Ask, HostAccess, Observer};
use crate::hosts;
use crate::plan;

/// Between two looks for hosts that came or went.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Whom to ask.
pub(super) enum Whom {
    /// All hosts of a configuration's group.
    Group(Box<Ask>),
    /// One host, by its URL.
    Host(String, Option<Secret>),
}

impl Whom {
    /// # Errors
    /// What is wrong with the settings of the way to the cluster.
    pub(super) fn of(config: &Config) -> Result<Whom, Failure> {
        let mut ask = plan::watch(config).map_err(tools::no_way_in)?;
        ask.hosts = Some(HostAccess {
            token: config.admin.token.clone(),
        });
        Ok(Whom::Group(Box::new(ask)))
    }
}

/// Begins to ask; ends when nobody takes the samples.
///
/// # Errors
/// The system gives no runtime.
pub(super) fn start(whom: Whom, every: Duration, to: Sender<Input>) -> Result<(), Failure> {
    let mut gather = match whom {
        Whom::Host(url, token) => Gather {
            token,
            known: vec![(String::new(), url)],
            finder: None,
        },
        Whom::Group(ask) => Gather {
            token: ask.hosts.as_ref().and_then(|of| of.token.clone()),
            known: Vec::new(),
            finder: Some(Finder {
                runtime: group_args::runtime()?,
                observer: Observer::new(*ask, None),
                looked: None,
            }),
        },
    };
    thread::spawn(move || {
        loop {
            let at = Instant::now();
            let hosts = gather.sample();
            if to.send(Input::Sample(Sample { at, hosts })).is_err() {
                return;
            }
            thread::sleep(every.saturating_sub(at.elapsed()));
        }
    });
    Ok(())
}

struct Gather {
    token: Option<Secret>,
    /// Id, if it is known, and URL.
    known: Vec<(String, String)>,
    finder: Option<Finder>,
}

struct Finder {
    runtime: tokio::runtime::Runtime,
    observer: Observer,
    looked: Option<Instant>,
}

impl Gather {
    fn sample(&mut self) -> Result<Vec<Answered>, String> {
        if let Some(finder) = &mut self.finder
            && finder.looked.is_none_or(|at| at.elapsed() >= LOOK_EVERY)
        {
            let hosts = finder.look()?;
            finder.looked = Some(Instant::now());
            let known = hosts.iter().map(|of| (of.host.clone(), of.url.clone()));
            self.known = known.collect();
            return Ok(hosts);
        }
        let hosts: Vec<_> = thread::scope(|scope| {
            let token = self.token.as_ref();
            let asking = self.known.iter().map(|(host, url)| {
                scope.spawn(move || Answered {
                    host: host.clone(),
                    url: url.clone(),
                    status: hosts::status(url, token).map_err(|error| error.to_string()),
                })
            });
            let asking: Vec<_> = asking.collect();
            let answers = asking.into_iter().map(thread::ScopedJoinHandle::join);
            answers.filter_map(Result::ok).collect()
        });
        // Another host may listen there by now, or it has left.
        let gone = |of: &Answered| !matches!(&of.status, Ok(status) if status.host == of.host);
        if let Some(finder) = &mut self.finder
            && hosts.iter().any(gone)
        {
            finder.looked = None;
        }
        Ok(hosts.into_iter().map(named).collect())
    }
}

/// By what it says itself.
fn named(mut answered: Answered) -> Answered {
    if let Ok(status) = &answered.status {
        answered.host = status.host.clone();
    }
    answered
}

impl Finder {
    fn look(&mut self) -> Result<Vec<Answered>, String> {
        let look = self.runtime.block_on(self.observer.look(BTreeSet::new()));
        let look = look.map_err(|errors| {
            let each: Vec<String> = errors.iter().map(ToString::to_string).collect();
            format!("no broker answers: {}", each.join("; "))
        })?;
        let answered = look.hosts.into_iter().map(|host| {
            let id = host.client.strip_prefix("penstock-");
            let id = id.and_then(|of| Some(of.rsplit_once(':')?.0));
            Answered {
                host: id.unwrap_or(&host.client).to_owned(),
                url: host.address,
                status: match host.status {
                    Answer::Known(status) => Ok(status),
                    other => Err(other.why().unwrap_or("it was not asked").to_owned()),
                },
            }
        });
        Ok(answered.map(named).collect())
    }
}
