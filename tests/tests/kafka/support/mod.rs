//! What the scenarios share.

mod metrics;
mod watch;

pub use metrics::Scrape;
pub use penstock_tests::{Account, Flow, Line, Load};
pub use watch::{Watch, log_lines};

use std::time::Duration;

/// Both group protocols.
pub const PROTOCOLS: [&str; 2] = ["classic", "consumer"];

/// How long anything may take that happens at once on a quiet machine.
pub const SOON: Duration = Duration::from_secs(40);
