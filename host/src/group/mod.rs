//! A consumer group of any client, for the commands that show and mend it: who is in it, where it
//! stands in each partition, and what may be changed.

mod change;
mod holders;
mod journal;
mod rows;
mod see;

pub use change::{commit, delete};
pub use holders::{Holders, PenstockHost, holders, is_read};
pub use journal::Journal;
pub use rows::{Owner, Row};
pub use see::{Chosen, Seen, no_broker, standings};
