//! `simulate`: plays many seeds, or one with its trace.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use penstock_simulation::{Fault, Options, RECORDS, STEPS, many, play, shrink};

/// Penstock's machines under seeded histories with faults; see docs/simulation.md.
#[derive(Parser)]
struct Arguments {
    /// How many seeds to play.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Play this seed alone, and show what happens.
    #[arg(long)]
    seed: Option<u64>,
    /// With --seed: records of a partition, at most.
    #[arg(long, default_value_t = RECORDS, requires = "seed")]
    records: usize,
    /// With --seed: steps until the faults cease, at most.
    #[arg(long, default_value_t = STEPS, requires = "seed")]
    steps: usize,
    /// With --seed: what does not go wrong.
    #[arg(long, value_delimiter = ',', requires = "seed")]
    without: Vec<Fault>,
    /// Say only which seed fails, and how.
    #[arg(long)]
    no_shrink: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.seed {
        Some(seed) => show(&Options {
            seed,
            records: arguments.records,
            steps: arguments.steps,
            without: arguments.without,
        }),
        None => search(&arguments),
    }
}

fn show(options: &Options) -> ExitCode {
    let outcome = play(options, true);
    for line in &outcome.trace {
        println!("{line}");
    }
    match outcome.broken {
        None => ExitCode::SUCCESS,
        Some(broken) => {
            println!("\nseed {} fails: {broken}", options.seed);
            ExitCode::FAILURE
        }
    }
}

fn search(arguments: &Arguments) -> ExitCode {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let done = AtomicU64::new(0);
    let bar = ProgressBar::new(arguments.seeds);
    if let Ok(style) =
        ProgressStyle::with_template("{pos}/{len} seeds {wide_bar} {per_sec}, {eta} left")
    {
        bar.set_style(style);
    }
    let failed = std::thread::scope(|scope| {
        let searching = scope.spawn(|| many(arguments.first, arguments.seeds, threads, &done));
        while !searching.is_finished() {
            bar.set_position(done.load(Ordering::Relaxed));
            std::thread::park_timeout(Duration::from_millis(100));
        }
        searching.join()
    });
    bar.finish_and_clear();
    match failed {
        Ok(None) => {
            let seeds = done.load(Ordering::Relaxed);
            println!(
                "{seeds} seeds hold, in {:.1} s",
                bar.elapsed().as_secs_f64()
            );
            ExitCode::SUCCESS
        }
        Ok(Some((seed, broken))) => {
            report(&Options::all(seed), &broken, !arguments.no_shrink);
            ExitCode::FAILURE
        }
        Err(_) => {
            println!("the simulation itself panicked");
            ExitCode::FAILURE
        }
    }
}

fn report(options: &Options, broken: &str, shrinks: bool) {
    println!("seed {} fails: {broken}", options.seed);
    println!("  {}", options.command());
    if !shrinks {
        return;
    }
    let bar = ProgressBar::new_spinner();
    bar.set_message("looking for a smaller one");
    let small = shrink(options, || bar.tick());
    bar.finish_and_clear();
    if let Some(broken) = play(&small, false).broken {
        println!("smaller: {broken}");
        println!("  {}", small.command());
    }
}
