//! The host on a real Apache Kafka, seen from outside: what it promises of records, groups and
//! outages. One program, so that most scenarios share a broker.

mod backpressure;
mod cache;
mod chain;
mod compiling;
mod exactly_once;
mod failures;
mod frozen;
mod group;
mod halts;
mod handlers;
mod incident;
mod kills;
mod ledger;
mod order;
mod out_of_range;
mod outage;
mod outputs;
mod parking;
mod policies;
mod remade;
mod shutdown;
mod statics;
mod support;
mod transactions;
mod unreadable;
