//! Looks at a cluster before a host starts on it; reads only, joins nothing, commits nothing. What
//! creates topics lies in a file of its own.

mod ask;
mod create;
mod keys;
mod logs;
mod topics;

pub use ask::look;
pub use create::{Wanted, create, plan};
