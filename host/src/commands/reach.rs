//! Finds running hosts through their group, so that they can be given orders.

use penstock_core::config::Secret;
use penstock_core::operations::Addressee;
use penstock_core::status::Status;

use super::columns::shown;
use crate::group::PenstockHost;
use crate::hosts;

/// A host that answers.
pub(super) struct Reached {
    /// `client.id`
    pub(super) client: String,
    /// Its admin listener.
    pub(super) url: String,
    /// Whom orders name.
    pub(super) to: Addressee,
    /// What it does.
    pub(super) status: Status,
}

/// The host's listener: where it connects from, or on this machine.
///
/// # Errors
/// Why it can't be found; in words.
pub(super) fn reach(
    group: &str,
    host: &PenstockHost,
    token: Option<&Secret>,
) -> Result<Reached, String> {
    let mut why = Vec::new();
    for url in [&host.found.url, &host.found.here] {
        match hosts::status(url, token) {
            Ok(status) if status.group == group && status.host == host.found.id => {
                return Ok(Reached {
                    client: shown(&host.client),
                    url: url.clone(),
                    to: Addressee {
                        group: status.group.clone(),
                        host: status.host.clone(),
                        started: status.started.clone(),
                    },
                    status,
                });
            }
            Ok(status) => {
                let there = format!("{} of {}", shown(&status.host), shown(&status.group));
                why.push(format!("at {url} is {there}"));
            }
            Err(error) => why.push(format!("{url}: {error}")),
        }
        if host.found.here == host.found.url {
            break;
        }
    }
    Err(why.join("; "))
}
