//! What the coordinator of a group says of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use penstock_admin_protocol::{
    self as protocol, Broker, ByPartition, Cluster, Error, Key, Refusal,
};

/// A coordinator that is being elected, or has just been and loads what it is to know, says so for a
/// moment; of a new cluster too, whose first group it is.
const PASSES_WITHIN: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(200);

/// A group, as its coordinator knows it.
pub(super) struct Coordinated {
    /// The coordinator.
    pub address: protocol::BrokerAddress,
    /// The group, of whichever protocol it is.
    pub group: Result<protocol::Group, Error>,
    /// Its committed offsets.
    pub committed: Result<ByPartition<Result<i64, Refusal>>, Error>,
}

/// Finds the group's coordinator.
///
/// # Errors
/// It isn't known.
pub(crate) async fn find(cluster: &Cluster, name: &str) -> Result<Arc<Broker>, Error> {
    let find = async || cluster.entry().find_coordinator(Key::Group(name)).await;
    let found = until_it_has_passed(find, |answer| answer.as_ref().is_err_and(passes)).await;
    found.map(|address| broker(cluster, &address))
}

/// Asks the group's coordinator, and whoever is it by then once more while that passes by itself.
///
/// # Errors
/// The coordinator isn't known.
pub(super) async fn ask(cluster: &Cluster, name: &str) -> Result<Coordinated, Error> {
    until_it_has_passed(async || once(cluster, name).await, is_passing).await
}

fn broker(cluster: &Cluster, address: &protocol::BrokerAddress) -> Arc<Broker> {
    match cluster.broker(address.id) {
        Some(broker) => Arc::clone(broker),
        None => cluster.at(&address.address),
    }
}

/// The group, of whichever protocol it is.
///
/// # Errors
/// The coordinator doesn't answer, or refuses.
pub(super) async fn group(coordinator: &Broker, name: &str) -> Result<protocol::Group, Error> {
    match coordinator.modern_group(name).await {
        // By the time of a second question it may know the group, and of the other kind none.
        Err(error) if !passes(&error) => coordinator.classic_group(name).await,
        answer => answer,
    }
}

async fn once(cluster: &Cluster, name: &str) -> Result<Coordinated, Error> {
    let address = cluster.entry().find_coordinator(Key::Group(name)).await?;
    let coordinator = broker(cluster, &address);
    Ok(Coordinated {
        group: group(&coordinator, name).await,
        // Before the logs are read, so that no commit seems to lie behind the end of one.
        committed: coordinator.committed(name).await,
        address,
    })
}

fn is_passing(answer: &Result<Coordinated, Error>) -> bool {
    match answer {
        Ok(of) => of.group.as_ref().is_err_and(passes) || of.committed.as_ref().is_err_and(passes),
        Err(error) => passes(error),
    }
}

fn passes(error: &Error) -> bool {
    matches!(error, Error::Refused(refusal) if refusal.is_passing())
}

/// A coordinator that takes its time with each answer is not asked as often.
async fn until_it_has_passed<T>(ask: impl AsyncFn() -> T, is_passing: impl Fn(&T) -> bool) -> T {
    let until = Instant::now() + PASSES_WITHIN;
    loop {
        let answer = ask().await;
        if !is_passing(&answer) || Instant::now() >= until {
            return answer;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const NOT_COORDINATOR: i16 = 16;
    const GROUP_AUTHORIZATION_FAILED: i16 = 30;

    fn refused(code: i16) -> Error {
        Error::Refused(Refusal {
            code,
            message: None,
        })
    }

    fn answered(
        group: Result<protocol::Group, Error>,
        committed: Result<ByPartition<Result<i64, Refusal>>, Error>,
    ) -> Result<Coordinated, Error> {
        Ok(Coordinated {
            address: protocol::BrokerAddress {
                id: 1,
                address: "broker:9092".to_owned(),
            },
            group,
            committed,
        })
    }

    #[test]
    fn whatever_a_coordinator_does_not_know_yet_is_asked_again() {
        let moved = || refused(NOT_COORDINATOR);
        assert!(is_passing(&Err(moved())));
        let denied = || refused(GROUP_AUTHORIZATION_FAILED);
        assert!(is_passing(&answered(Err(denied()), Err(moved()))));
        assert!(is_passing(&answered(Err(moved()), Ok(ByPartition::new()))));
        assert!(!is_passing(&answered(
            Err(denied()),
            Ok(ByPartition::new())
        )));
        assert!(!is_passing(&Err(denied())));
    }

    #[test]
    fn it_is_asked_until_that_has_passed_and_not_for_ever() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        let asked = |passing: u32, takes: Duration| {
            let tries = Cell::new(0);
            let ask = async || {
                tokio::time::sleep(takes).await;
                tries.set(tries.get() + 1);
                tries.get()
            };
            runtime.block_on(until_it_has_passed(ask, |nth| *nth <= passing))
        };
        assert_eq!(asked(0, Duration::ZERO), 1);
        assert_eq!(asked(1, Duration::ZERO), 2);
        assert!(asked(u32::MAX, Duration::ZERO) > 1);
        assert_eq!(asked(u32::MAX, PASSES_WITHIN), 1);
    }
}
