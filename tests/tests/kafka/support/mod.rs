//! What the scenarios share.

mod line;
mod load;
mod metrics;
mod watch;

pub use line::Line;
pub use load::{Account, Flow, Load};
pub use metrics::Scrape;
pub use watch::{Watch, log_lines};

use std::time::Duration;

/// Both group protocols.
pub const PROTOCOLS: [&str; 2] = ["classic", "consumer"];

/// How long anything may take that happens at once on a quiet machine.
pub const SOON: Duration = Duration::from_secs(40);
