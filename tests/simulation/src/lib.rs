//! Penstock's own machines under thousands of seeded histories, in one thread: the real engine and
//! the real decisions of `core`, between simulated brokers, handlers, time and faults.
//!
//! Everything follows from one seed. Between any two steps the rules of [`truth`] are checked; in
//! the end nothing may be missing ([`finish`]). How to run, replay and read it: docs/simulation.md.

mod broker;
mod faults;
mod finish;
mod group;
mod handover;
mod host;
mod plan;
mod ports;
mod rng;
mod run;
mod script;
mod shrink;
mod source;
mod transactions;
mod truth;
mod world;
mod writing;

pub use plan::{FAULTS, Fault, Options, RECORDS, STEPS};
pub use run::{Outcome, many, play};
pub use shrink::shrink;
