//! Nanoseconds per `handle` call.
fn main() {}
