//! The host on a real Apache Kafka, seen from outside: what it promises of records, groups and
//! outages. One program, so that most scenarios share a broker.

mod chain;
mod failures;
mod incident;
mod support;
