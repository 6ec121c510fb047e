//! A doctor to be asked, and clients of librdkafka to be looked at.

mod scene;
mod worker;

pub use penstock_tests::Doctor;
pub use scene::Scene;
pub use worker::Pace;

use std::time::Duration;

/// How long anything may take that happens at once on a quiet machine.
pub const SOON: Duration = Duration::from_secs(40);
