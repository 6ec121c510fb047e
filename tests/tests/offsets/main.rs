//! `penstock offsets`, `groups` and `pause` on a real Apache Kafka: groups of any client are shown
//! and mended, and what may not be touched is refused.

mod delete;
mod empty;
mod history;
#[path = "../kafka/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the host's tests use more of it")]
mod hosts;
mod live;
mod modes;
mod pauses;
mod show;
mod strangers;
#[path = "../doctor/support/mod.rs"]
#[allow(dead_code, reason = "the doctor's tests use more of it")]
mod support;
mod tool;
