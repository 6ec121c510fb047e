//! Clients of other makes as child processes, and a doctor who is asked about them.

mod case;
mod java;
pub mod kafkajs;
mod lively;
mod named;

pub use case::Case;
pub use lively::{Lively, Member};
pub use named::Named;

use std::time::Duration;

/// How long anything may take that happens at once on a quiet machine.
pub const SOON: Duration = Duration::from_secs(60);
