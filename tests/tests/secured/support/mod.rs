//! The secured broker, ways into it, and what goes through.

mod certificates;
mod cluster;
mod door;
mod tokens;

use std::time::Duration;

pub use cluster::{Cluster, KEY_PASSWORD, PLAIN_PASSWORD, SCRAM_PASSWORD, TOKEN_SECRET};
pub use door::{Door, VARIABLES};

/// How long anything may take that happens at once on a quiet machine.
pub const SOON: Duration = Duration::from_secs(40);
