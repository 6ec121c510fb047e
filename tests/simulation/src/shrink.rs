//! A smaller history that still fails: fewer steps, fewer kinds of faults, fewer records.

use crate::plan::{FAULTS, Options};
use crate::run::play;

/// Histories that are tried, at most.
const TRIES_MAX: usize = 400;

/// The smallest that was found; `tried` is told of each that was tried.
pub fn shrink(failing: &Options, mut tried: impl FnMut()) -> Options {
    let mut best = failing.clone();
    let mut tries = 0;
    loop {
        let mut candidates = smaller(&best).into_iter();
        let found = candidates.find(|candidate| {
            tries += 1;
            tried();
            tries <= TRIES_MAX && play(candidate, false).broken.is_some()
        });
        match found {
            Some(found) => best = found,
            None => return best,
        }
    }
}

fn smaller(best: &Options) -> Vec<Options> {
    let mut candidates = Vec::new();
    for cut in [2, 4, 10, 30, 100, usize::MAX] {
        let less = |of: usize| of - (of / cut).max(1);
        if best.steps > 0 {
            let steps = less(best.steps);
            candidates.push(Options {
                steps,
                ..best.clone()
            });
        }
        if best.records > 1 {
            let records = less(best.records);
            candidates.push(Options {
                records,
                ..best.clone()
            });
        }
    }
    for fault in FAULTS {
        if !best.without.contains(&fault) {
            let mut without = best.without.clone();
            without.push(fault);
            candidates.push(Options {
                without,
                ..best.clone()
            });
        }
    }
    candidates
}
