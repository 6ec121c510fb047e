//! The rules of the diagnosis: each with a snapshot that it must find something in, and with the
//! nearest healthy one, in which it must not.

mod assignment;
mod group;
mod inside;
mod left_over;
mod outputs;
mod past;
mod position;
mod progress;
mod quotas;
mod secured;
mod transactions;
mod world;
