//! One file a subcommand.

pub mod failure;

pub use failure::{Exit, Failure};
