//! Penstock's decisions, without I/O: no clock, no thread, no client library, no runtime.
//!
//! Time and randomness arrive as arguments; bytes from the network arrive as [`batch::Batch`]es.
//! What happens to a record is decided here and carried out by `penstock-engine`, `penstock-kafka`
//! and `penstock-wasm`.

pub mod batch;
pub mod codes;
pub mod completion;
pub mod conditions;
pub mod config;
pub mod contract;
pub mod dead_letter;
pub mod decide;
pub mod diagnosis;
pub mod ledger;
pub mod offsets;
pub mod operations;
pub mod partition;
pub mod pauses;
pub mod policy;
pub mod preflight;
pub mod rates;
pub mod record;
pub mod shell;
pub mod staging;
pub mod status;
pub mod verdict;
pub mod watch;
