//! The commands that look and try, on a real Apache Kafka and a running host: `peek --through`,
//! `emit --wait`, `status --watch` and `top`.

mod emit;
mod peek;
mod status;
mod support;
mod top;
