//! Running hosts, asked over their admin listeners, by `penstock status` and by the doctor,
//! and given orders.

mod client;
mod order;
mod watch;

use std::net::{IpAddr, Ipv6Addr};

pub use client::{Unanswered, status};
pub use order::{Undone, order};
pub use watch::{seen, watch};

/// What a client's `client.id` and address say of a host of Penstock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The host's id.
    pub id: String,
    /// Where its admin listener is, if it listens on the address it connects to Kafka from.
    pub url: String,
    /// The same on this machine, since hosts listen on the loopback address by default.
    pub here: String,
}

/// A host of Penstock, by the `client.id` `penstock-<host id>:<admin port>` of a group's member and
/// the address it connects from; `None`: it is another client.
pub fn find(client_id: &str, address: &str) -> Option<Found> {
    let (id, port) = client_id.strip_prefix("penstock-")?.rsplit_once(':')?;
    let port: u16 = port.parse().ok().filter(|port| *port != 0)?;
    // Kafka puts a slash before the address.
    let ip: IpAddr = address.trim_start_matches('/').parse().ok()?;
    let url = |ip| format!("http://{}", std::net::SocketAddr::new(ip, port));
    let here = if ip.is_ipv6() && ip.is_loopback() {
        Ipv6Addr::LOCALHOST.into()
    } else {
        std::net::Ipv4Addr::LOCALHOST.into()
    };
    Some(Found {
        id: id.to_owned(),
        url: url(ip),
        here: url(here),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_told_from_other_clients() {
        let found = find("penstock-worker-1:9644", "/10.0.0.7").expect("it is one");
        assert_eq!(found.id, "worker-1");
        assert_eq!(found.url, "http://10.0.0.7:9644");
        assert_eq!(found.here, "http://127.0.0.1:9644");
        let found = find("penstock-a:b:1", "2001:db8::1").expect("it is one");
        assert_eq!(
            (found.id.as_str(), found.url.as_str()),
            ("a:b", "http://[2001:db8::1]:1")
        );
        for (client, address) in [
            ("purchase-worker", "/10.0.0.7"),
            ("penstock-worker-1", "/10.0.0.7"),
            ("penstock-worker-1:0", "/10.0.0.7"),
            ("penstock-worker-1:99999", "/10.0.0.7"),
            ("penstock-worker-1:9644", "worker-1.example"),
        ] {
            assert_eq!(find(client, address), None, "{client} on {address}");
        }
    }
}
