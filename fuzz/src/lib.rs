//! Noise for what comes from outside: components, configurations, records. Inputs are changed at
//! random, and those that are answered in a new way are kept to be changed further.

mod corpus;
mod hunt;
mod mutate;
pub mod targets;

pub use corpus::Corpus;
pub use hunt::{Hunt, Hunted, hunt, replay};
