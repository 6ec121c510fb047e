//! `--broker`: asks the cluster of a configuration; `--create`: makes the topics that are missing.

use penstock_admin_protocol::Cluster;
use penstock_admin_protocol::change::NewTopic;
use penstock_core::config::Config;
use penstock_core::preflight::{Report, check};
use serde_json::{Value, json};

use super::super::confirm::confirm;
use super::super::group_args::runtime;
use super::super::output;
use super::super::tools::entrance;
use super::super::{Exit, Failure};
use super::show;
use crate::doctor::ANSWER_TIME_MAX;
use crate::group::no_broker;
use crate::preflight::{self, Wanted};
use crate::security::{Entrance, settings};

/// What is to be asked of the cluster, and what may be created.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct BrokerArgs {
    /// Asks the cluster too: will it work there? Only looks.
    #[arg(long)]
    broker: bool,
    /// Creates the topics that are missing; nothing that is there is changed.
    #[arg(long, requires = "broker")]
    create: bool,
    /// Partitions of each topic that is created; by default as many as the topics have whose
    /// records come there.
    #[arg(long, value_name = "N", requires = "create",
          value_parser = clap::value_parser!(i32).range(1..))]
    partitions: Option<i32>,
    /// Replicas of each partition that is created; by default as many as the brokers say.
    #[arg(long, value_name = "N", requires = "create",
          value_parser = clap::value_parser!(i16).range(1..))]
    replication_factor: Option<i16>,
    /// Only shows what would be created.
    #[arg(long, requires = "create")]
    dry_run: bool,
    /// Creates without asking.
    #[arg(long, requires = "create")]
    yes: bool,
}

/// What came of it.
pub(super) struct Outcome {
    /// The cluster's id.
    pub(super) cluster: Option<String>,
    /// What was found, after topics were created.
    pub(super) report: Report,
    /// The topics that were missing, where they were to be created.
    new: Vec<NewTopic>,
    is_created: bool,
}

impl BrokerArgs {
    /// Asks the cluster, and creates what is missing, as far as that is wanted; `None`: not at all.
    ///
    /// # Errors
    /// No broker answers, or something could not be created.
    pub(super) fn ask(&self, config: &Config) -> Result<Option<Outcome>, Failure> {
        if !self.broker {
            return Ok(None);
        }
        runtime()?.block_on(self.look(config)).map(Some)
    }

    async fn look(&self, config: &Config) -> Result<Outcome, Failure> {
        let entrance = entrance(&settings(&config.kafka))?;
        let cluster = find(&config.kafka.bootstrap, &entrance).await?;
        let seen = preflight::look(&cluster, config, &entrance).await;
        let mut outcome = Outcome {
            cluster: cluster.metadata().cluster.clone(),
            report: check(config, &seen),
            new: Vec::new(),
            is_created: false,
        };
        if !self.create {
            return Ok(outcome);
        }
        let wanted = Wanted {
            partitions: self.partitions,
            replication_factor: self.replication_factor,
        };
        outcome.new = preflight::plan(config, &seen, wanted);
        if self.may_create(&outcome.new)? {
            create(&cluster, &outcome.new).await?;
            outcome.is_created = true;
            let seen = preflight::look(&cluster, config, &entrance).await;
            outcome.report = check(config, &seen);
        }
        Ok(outcome)
    }

    fn may_create(&self, new: &[NewTopic]) -> Result<bool, Failure> {
        if new.is_empty() {
            output::tell("no topic is missing: nothing has to be created");
            return Ok(false);
        }
        output::tell(show::new_topics(new).trim_end());
        if self.dry_run {
            output::tell("only looked at: nothing was created");
            return Ok(false);
        }
        let question = match new.len() {
            1 => "Create this topic?".to_owned(),
            many => format!("Create these {many} topics?"),
        };
        let agreed = confirm(&question, self.yes)?;
        if !agreed {
            output::tell("nothing was created");
        }
        Ok(agreed)
    }
}

async fn find(bootstrap: &str, entrance: &Entrance) -> Result<Cluster, Failure> {
    let found = Cluster::find(bootstrap, entrance.security.clone(), ANSWER_TIME_MAX).await;
    found.map_err(|errors| no_broker(bootstrap, &errors))
}

async fn create(cluster: &Cluster, new: &[NewTopic]) -> Result<(), Failure> {
    let came = preflight::create(cluster, new).await.map_err(|error| {
        Failure::new(Exit::KafkaUnreachable, error)
            .cost("what was created is not known")
            .hint("look again, without --create")
    })?;
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    for (name, answer) in &came {
        match answer {
            Ok(()) => done.push(name.as_str()),
            Err(refusal) => refused.push(format!("{name}: {refusal}")),
        }
    }
    if !done.is_empty() {
        output::tell(format_args!("created: {}", done.join(", ")));
    }
    if refused.is_empty() {
        return Ok(());
    }
    let what = format!("{} of {} topics were not created", refused.len(), new.len());
    Err(Failure::new(Exit::Problem, what)
        .cost(refused.join("\n       "))
        .hint(
            "what was created stays; --partitions and --replication-factor say how others are made",
        ))
}

impl Outcome {
    /// Whether there is a problem.
    pub(super) fn exit(&self) -> Exit {
        match self.report.has_problem() {
            true => Exit::Problem,
            false => Exit::Fine,
        }
    }

    /// For programs.
    pub(super) fn to_json(&self) -> Value {
        let new = self.new.iter().map(|of| {
            json!({
                "topic": of.name,
                "partitions": of.partitions,
                "replication-factor": of.replication_factor,
                "created": self.is_created,
            })
        });
        json!({
            "cluster": self.cluster,
            "findings": self.report.findings,
            "fine": self.report.fine,
            "at-start": self.report.at_start,
            "missing-topics": new.collect::<Vec<_>>(),
        })
    }
}
