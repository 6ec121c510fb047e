//! `penstock doctor` on a real Apache Kafka: each cause made by real clients, and named; and what
//! is healthy, in which nothing may be found.

mod brokers;
mod healthy;
mod incident;
mod outputs;
mod own;
mod positions;
mod progress;
mod strangers;
mod support;
mod topics;
mod transactions;
mod unread;
