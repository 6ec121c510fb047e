//! `penstock dlq` on a real Apache Kafka and a running host: dead letters listed and shown.

mod look;
#[path = "../tools/support.rs"]
mod support;
