//! The only code that knows rdkafka: where records come from, where outputs go, what is committed.

mod blame;
mod cells;
mod client;
mod commit;
mod deliveries;
pub mod emit;
pub mod inspect;
mod intake;
mod latch;
mod lookup;
mod mock;
mod native;
mod position;
mod rebalance;
mod singles;
mod sink;
mod source;
mod stalls;
mod start;
mod state;
mod stop;
mod tool;
mod troubles;
mod watermarks;

pub use client::client_id;
pub use emit::{Emitted, Emitter, Lies};
pub use inspect::{From, GroupPosition, Look, Next, Peek, Peeked, group_positions};
pub use intake::{Intake, Stay};
pub use latch::Latch;
pub use mock::MockKafka;
pub use native::Error;
pub use sink::KafkaSink;
pub use source::{PartitionReport, SourceHandle, StopReport, start as start_source};
pub use state::GroupState;
pub use tool::ToolError;
