//! `penstock dlq` on a real Apache Kafka and a running host: dead letters listed, shown,
//! sent back and deleted.

mod handler_only;
mod look;
mod others;
mod purge;
mod redrive;
#[path = "../tools/support.rs"]
mod support;
