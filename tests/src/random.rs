//! Random numbers that a seed repeats.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
pub struct Random(u64);

impl Random {
    /// From the environment variable `PENSTOCK_TEST_SEED`, or the time; printed.
    ///
    /// # Errors
    /// A seed that is no number.
    pub fn new() -> Result<Random> {
        let seed = match std::env::var("PENSTOCK_TEST_SEED") {
            Ok(seed) => seed.parse()?,
            Err(_) => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
        };
        println!("PENSTOCK_TEST_SEED={seed}");
        Ok(Random(seed))
    }

    /// From 0 to `below`, without it.
    pub fn number(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    /// From 0 to `below` milliseconds, without it.
    pub fn millis(&mut self, below: u64) -> Duration {
        Duration::from_millis(self.number(below))
    }
}
