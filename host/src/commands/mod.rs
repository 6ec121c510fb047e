//! One file a subcommand.

pub mod check;
mod columns;
pub mod configuration;
mod confirm;
pub mod demo;
pub mod dlq;
pub mod doctor;
pub mod emit;
pub mod failure;
mod fill;
mod group_args;
pub mod groups;
pub mod kafka;
pub mod kafka_settings;
pub mod offsets;
pub mod output;
pub mod pause;
pub mod peek;
pub mod plugin;
mod reach;
pub mod run;
pub mod schema;
pub mod status;
pub mod tools;
pub mod top;

pub use failure::{Exit, Failure};
