//! `penstock check --broker` on a real Apache Kafka: what is as it should be, each problem caused
//! for real, and the topics that it creates.

mod create;
mod fine;
mod group;
mod permissions;
mod settings;
mod start;
#[path = "../doctor/support/mod.rs"]
#[allow(dead_code, reason = "the doctor's tests use more of it")]
mod support;
#[path = "../offsets/tool.rs"]
#[allow(dead_code, reason = "the tests of offsets use more of it")]
mod tool;
mod world;
