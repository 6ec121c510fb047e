//! The host: command line, wiring, admin listener. The decisions are in `penstock-core`, the work
//! in `penstock-engine`, `penstock-kafka` and `penstock-wasm`.

pub mod admin;
pub mod app;
pub mod background;
pub mod cli;
pub mod commands;
pub mod doctor;
pub mod escape;
pub mod fingerprint;
pub mod group;
pub mod hosts;
pub mod json_text;
pub mod logging;
pub mod operate;
pub mod panics;
pub mod plan;
pub mod preflight;
pub mod record_json;
pub mod security;
pub mod shelf;
pub mod signals;
pub mod toml_text;
pub mod trial;
pub mod view;
pub mod waiting;
pub mod watchdog;
