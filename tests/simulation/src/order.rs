//! Which records of a topic wait for which, by the seed: all of a partition, or those of one key in
//! lanes, or none; and whether a key waits apart for its retry.

use penstock_core::partition::{Order, OrderBy, ParkLimits};
use penstock_core::policy::{Policy, RetryMode};

use crate::rng::{Rng, hash};

/// The order of a topic; what its retries hold up is put into the policy.
pub fn choose(rng: &mut Rng, large: bool, policy: &mut Policy) -> Order {
    if rng.per_mille(300) {
        return Order::STRICT;
    }
    let lanes = rng.within(1, 4);
    let by = match rng.below(5) {
        0 if lanes > 1 => OrderBy::Nothing,
        _ => OrderBy::Key,
    };
    // Where nothing stays in order, no key waits apart: a configuration has not both.
    let parks = by == OrderBy::Key && (lanes == 1 || rng.per_mille(600));
    for rule in &mut policy.rules {
        if parks && rng.per_mille(850) {
            rule.retry.mode = RetryMode::Key;
        }
    }
    let limits = ParkLimits {
        keys: rng.within(1, 4),
        records: rng.within(1, 8),
        bytes: if large {
            rng.within(1_000, 80_000)
        } else {
            rng.within(20, 600)
        } as u64,
    };
    let park = if policy.parks() {
        limits
    } else {
        ParkLimits::NOTHING
    };
    Order { lanes, by, park }
}

/// What stands for a host's handlers. In some seeds hosts differ, and then one does again what
/// another has finished beyond its commit.
pub fn identity(seed: u64, host: usize) -> u64 {
    // Exactly once, that would be twice.
    let differs = seed.is_multiple_of(2) && hash(&[seed, 0x1D]).is_multiple_of(4);
    1 + u64::from(differs) * (hash(&[seed, 0x1D, host as u64]) % 2)
}
