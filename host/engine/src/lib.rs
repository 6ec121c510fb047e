//! Carries out what `penstock-core` decides: worker threads, the suspects' own threads, timers,
//! the outbox. Knows neither Kafka's client nor the wasm runtime, only [`ports`].
//!
//! A record's way through: [`Partition::fetched`] (cell.rs) → a worker's run (worker.rs) → the
//! sink (send.rs) → its report (reports.rs) → [`Partition::commit_point`].

mod announce;
mod batches;
mod bundles;
mod cell;
mod engine;
mod enter;
pub mod hands;
mod held;
mod lanes;
mod lines;
mod machine;
mod outbox;
mod parking;
mod pauses;
pub mod plan;
pub mod ports;
mod reports;
mod rest;
mod room;
mod send;
mod shared;
mod snapshot;
mod spares;
mod thread;
mod ticker;
mod times;
pub mod token;
mod topics;
mod transact;
mod transacting;
mod transactor;
mod trial;
mod waiting;
mod watches;
mod wave;
mod worker;

pub use cell::{Flow, Partition};
pub use engine::Engine;
pub use snapshot::{HandlerAccount, Snapshot};
pub use times::{BUCKETS, CallTimes};
pub use transact::Settled;
pub use trial::{Trial, try_record};
pub use watches::Matches;
