//! Free loopback ports for servers that are restarted on the same one.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

// Below Linux' ephemeral range (from 32768): otherwise a client's outgoing connection may take the
// port while its server restarts, or even connect to itself.
const FIRST: u32 = 12_000;
const COUNT: u32 = 20_000;

/// A port that nothing listens on, never the same twice in this process.
///
/// # Errors
/// There is none.
pub fn free_port() -> Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let spread = std::process::id().wrapping_mul(97);
    (0..COUNT)
        .map(|_| NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(spread) % COUNT + FIRST)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .context("no free port on the loopback address")
}
