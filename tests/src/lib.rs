//! What the tests on a real Apache Kafka share: the broker, a client to look at it from outside,
//! the host's binary as a child process, and what clients of other makes need.
//!
//! Everything started here dies with the process that started it, however that ends.

pub mod acls;
mod ask;
pub mod broker;
mod broker_config;
pub mod client;
pub mod doctor;
mod heavy;
pub mod host;
pub mod host_config;
pub mod javac;
pub mod kafka_dist;
mod layout;
mod line;
mod load;
pub mod maven;
pub mod npm;
pub mod offsets;
mod ports;
pub mod process;
pub mod produce;
mod proxy;
pub mod quotas;
mod random;
pub mod read;
mod scratch;
mod terminal;
pub mod topics;
pub mod wait;

pub use broker::{Broker, BrokerOptions};
pub use broker_config::Listener;
pub use client::Client;
pub use doctor::Doctor;
pub use heavy::heavy;
pub use host::Host;
pub use host_config::HostConfig;
pub use layout::{plugin, program, target_dir};
pub use line::Line;
pub use load::{Account, Flow, Load};
pub use ports::free_port;
pub use produce::{Outgoing, Producer};
pub use proxy::Proxy;
pub use random::Random;
pub use read::Record;
pub use terminal::Terminal;
pub use wait::{eventually, unique, wait_until};
