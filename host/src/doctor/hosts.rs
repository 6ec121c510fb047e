//! Members that are hosts of Penstock, asked what they do.

use std::collections::BTreeSet;

use penstock_core::config::Secret;
use penstock_core::diagnosis::snapshot::{Answer, Host, Look};
use penstock_core::status::Status;
use tokio::task::JoinSet;

use crate::hosts::{self, Found, Unanswered};

/// Asks all of them at once. A group may have other members too, which are passed over; and what is
/// left of a host that was killed goes by the name of the one that was started after it.
pub(super) async fn look(look: &Look, token: Option<&Secret>) -> Vec<Host> {
    let members = look.group.known().into_iter().flat_map(|of| &of.members);
    let places: BTreeSet<(&str, &str)> = members
        .map(|of| (of.client.as_str(), of.host.as_str()))
        .collect();
    let mut asking = JoinSet::new();
    for (client, from) in places {
        if let Some(found) = hosts::find(client, from) {
            let (client, token) = (client.to_owned(), token.cloned());
            asking.spawn_blocking(move || ask(client, &found, token.as_ref()));
        }
    }
    let mut hosts = asking.join_all().await;
    hosts.sort_by(|a, b| a.client.cmp(&b.client));
    let life = |host: &Host| match &host.status {
        Answer::Known(status) => Some((status.host.clone(), status.started.clone())),
        _ => None,
    };
    // One that is asked at the address of a dead one, too, answers here a second time.
    let mut lives = BTreeSet::new();
    hosts.retain(|host| life(host).is_none_or(|life| lives.insert(life)));
    hosts
}

/// Hosts listen on the loopback address by default: one that does not answer where it connects
/// from may be on this machine.
fn ask(client: String, found: &Found, token: Option<&Secret>) -> Host {
    let mut address = &found.url;
    let mut answer = of(found, address, token);
    if found.here != found.url
        && matches!(answer, Answer::Failed(_))
        && let here @ (Answer::Known(_) | Answer::Unauthorised(_)) = of(found, &found.here, token)
    {
        (address, answer) = (&found.here, here);
    }
    Host {
        client,
        address: address.clone(),
        status: answer,
    }
}

fn of(found: &Found, url: &str, token: Option<&Secret>) -> Answer<Status> {
    match hosts::status(url, token) {
        Ok(status) if status.host == found.id => Answer::Known(status),
        Ok(status) => Answer::Failed(format!("{url} is another host, {}", status.host)),
        Err(error @ Unanswered::Unauthorised { .. }) => {
            Answer::Unauthorised(format!("{url}: {error}"))
        }
        Err(error) => Answer::Failed(format!("{url}: {error}")),
    }
}
