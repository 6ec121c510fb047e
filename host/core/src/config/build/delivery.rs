//! `kafka.delivery`, and what belongs to it: how often is committed, and `[kafka.transaction]`.

use std::time::Duration;

use super::{inner, keys_of};
use crate::codes::Code;
use crate::config::report::Diagnostic;
use crate::config::section::{Context, Section};
use crate::config::{Delivery, Transaction, scalar};

/// Where none is given: at least once, and exactly once, where readers wait for it.
const COMMIT_INTERVAL: Duration = Duration::from_secs(5);
const TRANSACTION_INTERVAL: Duration = Duration::from_millis(100);
/// The same of the records that are kept until they are finished.
const BUFFER_BYTES: u64 = 16 << 20;
const TRANSACTION_BUFFER_BYTES: u64 = 64 << 20;
/// A transaction is to be over long before the brokers abort it.
const INTERVALS_MIN: u32 = 4;

/// The guarantee, and how often is committed. `host` is the host's id.
pub(super) fn delivery(
    section: &Section<'_>,
    group: &str,
    host: &str,
    cx: &mut Context<'_>,
) -> (Delivery, Duration) {
    let path = section.path("transaction");
    let transaction = inner(keys_of("kafka"), "transaction", &path, section);
    let chosen = section.choice("delivery", cx);
    let interval = section.duration("commit-interval", cx);
    let timeout = transaction.duration("timeout", cx);
    let bytes = transaction.bytes("bytes", cx);
    if chosen != Some("exactly-once") {
        if chosen.is_some() {
            without_effect(section, cx);
        }
        return (Delivery::AtLeastOnce, interval.unwrap_or(COMMIT_INTERVAL));
    }
    let interval = interval.unwrap_or(TRANSACTION_INTERVAL);
    if let Some(timeout) = timeout.filter(|timeout| interval * INTERVALS_MIN > *timeout) {
        too_long(section, &transaction, interval, timeout, cx);
    }
    let transaction = Transaction {
        id: format!("{group}-{host}"),
        timeout: timeout.unwrap_or(super::STAND_IN),
        bytes: bytes.unwrap_or(u64::MAX),
    };
    (Delivery::ExactlyOnce(transaction), interval)
}

/// `host.buffer`: exactly once, records wait for a commit, and more of them are worked on meanwhile.
pub(super) fn buffer(host: &Section<'_>, delivery: &Delivery, cx: &mut Context<'_>) -> u64 {
    host.bytes("buffer", cx).unwrap_or(match delivery {
        Delivery::AtLeastOnce => BUFFER_BYTES,
        Delivery::ExactlyOnce(_) => TRANSACTION_BUFFER_BYTES,
    })
}

/// Somebody believes in transactions that there are not.
fn without_effect(section: &Section<'_>, cx: &mut Context<'_>) {
    let Some(entry) = section.entry("transaction") else {
        return;
    };
    let message =
        "`kafka.transaction` has no meaning at least once: nothing is sent in transactions";
    cx.found.push(
        Diagnostic::error(Code::ImpossibleValue, entry.key, message)
            .label("without effect")
            .help("add `delivery = \"exactly-once\"` to `[kafka]`, or remove it"),
    );
}

fn too_long(
    section: &Section<'_>,
    transaction: &Section<'_>,
    interval: Duration,
    timeout: Duration,
    cx: &mut Context<'_>,
) {
    let place = section
        .place("commit-interval")
        .or_else(|| transaction.place("timeout"));
    let message = format!(
        "`kafka.commit-interval` ({}) is too long for `kafka.transaction.timeout` ({})",
        scalar::show_duration(interval),
        scalar::show_duration(timeout),
    );
    cx.found.push(
        Diagnostic::error(Code::ImpossibleValue, place, message)
            .label(format!(
                "at most {}, a quarter of it",
                scalar::show_duration(timeout / INTERVALS_MIN)
            ))
            .help(
                "a transaction that is filled for so long would be aborted by the brokers; exactly \
                 once, 20ms to 1s are usual",
            ),
    );
}
