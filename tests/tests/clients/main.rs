//! `penstock doctor` in front of clients of other makes: KafkaJS, and Java's own, on a real Apache
//! Kafka; each cause made for real, and named, and what is healthy let be. `make test-clients`.

mod churn;
mod expiry;
mod figures;
mod group;
mod healthy;
mod incident;
mod outputs;
mod position;
mod progress;
mod strangers;
mod support;
mod topics;
mod transactions;
