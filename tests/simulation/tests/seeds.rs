//! Ten thousand histories with faults hold every rule, and a seed is the same each time.

use std::sync::atomic::AtomicU64;

use penstock_simulation::{Options, many, play};

/// `make simulate SEEDS=…` plays more.
const SEEDS: u64 = 10_000;

#[test]
fn every_rule_holds_in_every_history() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    if let Some((seed, broken)) = many(0, SEEDS, threads, &AtomicU64::new(0)) {
        let command = Options::all(seed).command();
        panic!("seed {seed} fails: {broken}\n  {command}");
    }
}

#[test]
fn a_seed_is_the_same_history_each_time() {
    for seed in 0..20 {
        let first = play(&Options::all(seed), true).trace;
        assert!(first.len() > 10, "nothing happens in seed {seed}");
        assert_eq!(first, play(&Options::all(seed), true).trace, "seed {seed}");
    }
}
