//! What to say when the producer is of no use any more.

use penstock_core::codes::Code;
use rdkafka::error::RDKafkaErrorCode as Rd;

use crate::native::{Error, Handle};

/// Whether another producer has taken the transactional id.
pub fn is_fence(code: Rd) -> bool {
    matches!(
        code,
        Rd::Fenced | Rd::ProducerFenced | Rd::InvalidProducerEpoch
    )
}

/// The condition, and its text, of a producer that met `error` and can't go on.
pub fn of_producer(handle: &Handle, error: Error) -> (Code, String) {
    // An error event's own code says no more than that it is fatal.
    let cause = handle.fatal_cause().unwrap_or(error);
    let who = handle.who();
    // Of a transaction that the brokers have ended, another is begun in vain.
    let is_shut_out = is_fence(cause.code) || cause.code == Rd::InvalidTransactionalState;
    if !is_shut_out {
        let text = format!(
            "the Kafka producer can't go on: {}",
            who.explain(&cause, "")
        );
        return (Code::ClientFatal, text);
    }
    let text = format!(
        "the brokers have shut out the producer with the transactional id {} ({cause}): a second host \
         runs with the same `host.id`, or this one stood still for longer than \
         `kafka.transaction.timeout` and its transaction was ended. Nothing is lost or doubled: what was not committed is done \
         again. Give each host of the group a `host.id` of its own",
        who.transactional_id()
    );
    (Code::ProducerFenced, text)
}
