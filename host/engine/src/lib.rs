//! Carries out what `penstock-core` decides: worker threads, the suspects' own threads, timers,
//! the outbox. Knows neither Kafka's client nor the wasm runtime, only [`ports`].

pub mod engine;
pub mod plan;
pub mod ports;

pub use engine::{Engine, Flow, Partition};
