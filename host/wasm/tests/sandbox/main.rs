//! The sandbox against real components: the built plugins, and odd ones written by hand.

mod bench;
mod cache;
mod calls;
mod capture;
mod limits;
mod load;
mod odd;
mod settings;
mod traps;
mod wasi;
