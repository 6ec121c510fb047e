//! One file a subcommand.

pub mod check;
pub mod configuration;
pub mod demo;
pub mod doctor;
pub mod emit;
pub mod failure;
pub mod kafka;
pub mod output;
pub mod peek;
pub mod run;
pub mod schema;
pub mod status;
pub mod tools;

pub use failure::{Exit, Failure};
