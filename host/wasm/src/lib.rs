//! The sandbox: loads plugins, and runs their handlers under limits that hold. The only code that
//! knows wasmtime.
//!
//! [`Runtime::load`] reads and compiles a plugin, or takes what it compiled before from its cache;
//! [`Plugin::describe`] asks it what it is; [`Plugin::bind`] makes the [`Pool`] of instances that
//! the engine calls for one handler and one topic. [`Anatomy`] is what a file shows without any of it.

mod anatomy;
mod artefact;
mod bounds;
mod cache;
mod check;
mod clock;
mod compile;
mod contract;
mod deadline;
mod digests;
mod error;
mod guest;
mod host;
mod imports;
mod log;
mod memory;
mod ours;
mod outputs;
mod plugin;
mod pool;
mod runtime;
mod shape;
mod source;
mod state;
mod trap;
mod version;
mod wasi;

pub use anatomy::{Anatomy, Kind};
pub use compile::{is_compiling, lower_priority};
pub use error::{LoadError, StartError};
pub use plugin::{Loaded, Plugin};
pub use pool::{Binding, Pool};
pub use runtime::Runtime;
pub use version::CONTRACT_VERSION;
