//! `penstock dlq` on a real Apache Kafka and a running host: dead letters listed, shown,
//! and sent back.

mod handler_only;
mod look;
mod redrive;
#[path = "../tools/support.rs"]
mod support;
