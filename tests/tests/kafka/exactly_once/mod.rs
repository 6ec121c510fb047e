//! Exactly once, as readers of committed records see it: each record's outputs are there once,
//! whatever happens to the hosts.

mod ends;
mod kills;
mod outage;
mod refused;

use anyhow::{Result, ensure};
use penstock_tests::{Account, Host, HostConfig};

use crate::support::Line;

/// With transactions that the brokers abort after 10 s.
fn once(config: HostConfig) -> HostConfig {
    config
        .set(&["kafka", "delivery"], "exactly-once")
        .set(&["kafka", "transaction", "timeout"], "10s")
}

/// Whether each of these records has its output, once and in its order; for `eventually`.
fn is_exact(line: &Line, sent: &[u64]) -> Result<()> {
    let account = Account::read(&line.client, &line.output)?;
    account.is_complete(sent)?;
    account.is_in_order()?;
    ensure!(account.repeats() == 0, "{} repeated", account.repeats());
    Ok(())
}

/// What `/status` says of the transactions.
fn transactions(host: &Host) -> Result<serde_json::Value> {
    let status = host.status()?;
    let found = status["transactions"].clone();
    ensure!(found.is_object(), "no transactions in {status}");
    Ok(found)
}
