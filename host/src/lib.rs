//! The host: command line, wiring, admin listener. The decisions are in `penstock-core`, the work
//! in `penstock-engine`, `penstock-kafka` and `penstock-wasm`.

pub mod admin;
pub mod commands;
pub mod logging;
