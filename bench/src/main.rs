//! Measures the host against a hand-written loop, and beside peers, on a real broker: `make bench`.

mod bare;
mod bench;
mod events;
mod idle;
mod json;
mod lanes;
mod latency;
mod machine;
mod neighbours;
mod paced;
mod peers;
mod plot;
mod progress;
mod report;
mod results;
mod startup;
mod stats;
mod subject;
mod throughput;
mod trial;
mod usage;
mod wedge;

use std::path::Path;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand, ValueEnum};

use bench::{Amount, Bench};
use peers::Peer;
use progress::Progress;
use results::Results;

/// Measures the host against a hand-written loop, and beside peers, on a real broker.
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// A small run that shows that everything works; docs/performance.md stays as it is.
    #[arg(long)]
    quick: bool,
    /// Only these measurements; docs/performance.md stays as it is.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// Only these beside others; docs/performance.md stays as it is.
    #[arg(long, value_delimiter = ',')]
    peers: Vec<Peer>,
    /// Purchases of one throughput run.
    #[arg(long)]
    records: Option<u64>,
    /// Pairs of throughput runs.
    #[arg(long)]
    pairs: Option<u32>,
    /// Rounds of the rest.
    #[arg(long)]
    rounds: Option<u32>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The bare loop itself, until SIGTERM; the benchmark starts it.
    Bare(bare::BareArgs),
}

/// A measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Throughput,
    Latency,
    Idle,
    Startup,
    Wedge,
    Neighbours,
    Peers,
    Lanes,
    Json,
    Trial,
}

/// Those that need no broker, and are measured before there is one to share the cores with.
const ALONE: [Part; 3] = [Part::Lanes, Part::Json, Part::Trial];

fn main() -> Result<()> {
    let args = Args::parse();
    if let Some(Command::Bare(bare)) = &args.command {
        return bare::run(bare);
    }
    let mut amount = if args.quick {
        Amount::quick()
    } else {
        Amount::full()
    };
    amount.records = args.records.unwrap_or(amount.records);
    amount.peers.records = args.records.unwrap_or(amount.peers.records);
    amount.pairs = args.pairs.unwrap_or(amount.pairs);
    amount.rounds = args.rounds.unwrap_or(amount.rounds);
    let publish = !args.quick && args.only.is_empty() && args.peers.is_empty();

    let peers = if args.peers.is_empty() {
        Peer::value_variants()
    } else {
        &args.peers
    };
    let results = measure(&args.only, peers, amount)?;
    let text = report::markdown(&results, &machine::describe());
    println!("{text}");
    if publish {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        report::publish(&docs.join("performance.md"), &text)?;
        let file = docs.join("performance.svg");
        std::fs::write(&file, plot::svg(&results)).context("cannot write the plot")?;
        println!("written to docs/performance.md and docs/performance.svg");
    }
    Ok(())
}

fn measure(only: &[Part], peers: &[Peer], amount: Amount) -> Result<Results> {
    let asked = |part| only.is_empty() || only.contains(&part);
    let progress = Progress::new();
    let lanes = asked(Part::Lanes)
        .then(|| lanes::measure(&amount, &progress))
        .transpose()?;
    let json = asked(Part::Json)
        .then(|| json::measure(&amount, &progress))
        .transpose()?;
    let trial = asked(Part::Trial)
        .then(|| trial::measure(&amount, &progress))
        .transpose()?;
    if !only.is_empty() && only.iter().all(|part| ALONE.contains(part)) {
        progress.end();
        return Ok(Results {
            lanes,
            json,
            trial,
            ..Results::none(amount)
        });
    }
    let bench = Bench::start(amount, progress)?;
    let results = Results {
        throughput: asked(Part::Throughput)
            .then(|| throughput::measure(&bench))
            .transpose()?,
        latency: asked(Part::Latency)
            .then(|| latency::measure(&bench))
            .transpose()?,
        idle: asked(Part::Idle)
            .then(|| idle::measure(&bench))
            .transpose()?,
        startup: asked(Part::Startup)
            .then(|| startup::measure(&bench))
            .transpose()?,
        wedge: asked(Part::Wedge)
            .then(|| wedge::measure(&bench))
            .transpose()?,
        neighbours: asked(Part::Neighbours)
            .then(|| neighbours::measure(&bench))
            .transpose()?,
        peers: asked(Part::Peers)
            .then(|| peers::measure(&bench, peers))
            .transpose()?,
        lanes,
        json,
        trial,
        amount: bench.amount.clone(),
    };
    bench.progress.end();
    Ok(results)
}
