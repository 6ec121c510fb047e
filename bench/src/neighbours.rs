//! What others in the same host cost a healthy partition: a large plugin that is compiled meanwhile,
//! and hostile guests.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use penstock_tests::{HostConfig, Outgoing, heavy, plugin, unique};

use crate::bench::{Bench, PARTITIONS};
use crate::latency::show;
use crate::paced::{self, Latency};
use crate::subject::{base_config, start_host_with_cache};

/// Functions of the large plugin: several times the machine code of one in Python, so that it is not
/// done before the measurement is.
const FUNCTIONS: usize = 3_000;
/// What hostile guests do, each as the only handler of a topic of one partition.
const HOSTILE: [(&str, &str); 4] = [
    ("endless", "loop"),
    ("greedy", "oom"),
    ("talkative", "log 1000000"),
    ("fertile", "outputs 1000000"),
];
/// Records for each of them, which come as fast as they are done with.
const RECORDS: usize = 20_000;

/// A healthy partition without and with such neighbours.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    pub(crate) none: Vec<Latency>,
    pub(crate) compiling: Vec<Latency>,
    pub(crate) hostile: Vec<Latency>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Compiling,
    Hostile,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::None => "no neighbours",
            Kind::Compiling => "a large plugin is compiled",
            Kind::Hostile => "four hostile guests",
        }
    }
}

pub(crate) fn measure(bench: &Bench) -> Result<Neighbours> {
    let mut result = Neighbours::default();
    let of = bench.amount.rounds;
    for round in 0..of {
        let mut kinds = [Kind::None, Kind::Compiling, Kind::Hostile];
        // What else the machine does is to hit all alike.
        kinds.rotate_left(round as usize % 3);
        for kind in kinds {
            let name = kind.name();
            let step = format!("neighbours: {name}, round {} of {of}", round + 1);
            bench.progress.step(step);
            let latency = once(bench, kind).context(name)?;
            bench.progress.result(&show(name, &latency));
            match kind {
                Kind::None => result.none.push(latency),
                Kind::Compiling => result.compiling.push(latency),
                Kind::Hostile => result.hostile.push(latency),
            }
        }
    }
    Ok(result)
}

fn once(bench: &Bench, kind: Kind) -> Result<Latency> {
    let input = bench.topic("paced", &[])?;
    let output = bench.stamped_topic("granted")?;
    let dead_letter = bench.topic("dead", &[])?;
    let folder = tempfile::tempdir()?;
    let healthy = "purchase-to-access";
    let mut config = base_config(bench.broker.bootstrap(), &unique("neighbours"))
        .handler(healthy, &plugin(healthy)?, &[("access-granted", &output)])
        .topic(&input, &[healthy], "earliest", Some(&dead_letter));
    let mut partitions = PARTITIONS;
    let others = bench.topic("others", &[])?;
    match kind {
        Kind::None => {}
        Kind::Compiling => {
            let large = folder.path().join("large.wasm");
            heavy("unruly", &large, FUNCTIONS, 1)?;
            let idle = bench.topic("idle", &[])?;
            config = neighbour(config, "large", &large, &others, &idle);
        }
        Kind::Hostile => {
            for (name, deed) in HOSTILE {
                let topic = unique(name);
                bench.client().create_topic(&topic, 1, &[])?;
                let record = Outgoing::to(&topic).value(deed);
                bench.client().produce(&vec![record; RECORDS])?;
                config = neighbour(config, name, &plugin("unruly")?, &others, &topic);
                partitions += 1;
            }
        }
    }
    let cache = folder.path().join("cache");
    let mut running = start_host_with_cache(&config, &cache)?;
    running.ready(partitions)?;
    let latency = paced::measure(bench, &input, &output)?;
    running.check()?;
    match kind {
        Kind::None => {}
        Kind::Compiling => {
            let compiles = running.holds("PSK-O007")?;
            ensure!(compiles, "it was compiled before the measurement was over");
        }
        Kind::Hostile => {
            for (name, _) in HOSTILE {
                let done = running.begun(name)?;
                ensure!(done > 0, "{name} did nothing");
                ensure!(done < RECORDS as u64, "{name} was done before the end");
            }
        }
    }
    // Not stopped but dropped: what is still in hand need not be waited for.
    Ok(latency)
}

fn neighbour(
    config: HostConfig,
    name: &str,
    plugin: &Path,
    output: &str,
    topic: &str,
) -> HostConfig {
    config
        .handler(name, plugin, &[("out", output)])
        .set(&["handlers", name, "retry", "backoff"], "1ms..1ms")
        .topic(topic, &[name], "earliest", Some(output))
}
