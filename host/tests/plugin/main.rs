//! `penstock plugin inspect` and `test`, as a user runs them, on the built plugins.

mod cases;
mod changes;
mod command;
mod contract;
mod inspect;
