//! A doctor to be asked, and clients of librdkafka to be looked at.

mod doctor;
mod scene;
mod worker;

pub use doctor::Doctor;
pub use scene::Scene;
pub use worker::Pace;

use std::time::Duration;

/// How long anything may take that happens at once on a quiet machine.
pub const SOON: Duration = Duration::from_secs(40);
