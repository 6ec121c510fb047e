//! A way to a broker on which clients can be told that the cluster has no brokers, and topics without
//! leaders: as by one that has just been started, or that the controller takes for dead.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// `Metadata`, as the protocol numbers it, and the versions that are answered: those with compact
/// fields.
const METADATA: i16 = 3;
const VERSIONS: std::ops::RangeInclusive<i16> = 9..=13;
const LEADER_NOT_AVAILABLE: i16 = 5;

/// Settings of a client that soon hears that there are no brokers, and does not begin anew by itself, as
/// it does in most such cases, and not in all.
pub const ALONE: [(&str, &str); 2] = [
    ("topic.metadata.refresh.interval.ms", "200"),
    ("metadata.recovery.strategy", "none"),
];

/// A listener on the loopback address; it lives as long as the process.
pub struct Forgetful {
    port: u16,
    memory: Arc<Memory>,
}

#[derive(Default)]
struct Memory {
    is_lost: AtomicBool,
    connections: AtomicUsize,
}

impl Forgetful {
    /// To whoever listens at `to`, `host:port`, and has this topic.
    pub fn to(to: &str, topic: &str) -> Result<Forgetful> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let memory = Arc::<Memory>::default();
        let (to, topic) = (to.to_owned(), Arc::<str>::from(topic));
        let asked = Arc::clone(&memory);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A connection that can't be made is one that ends.
                drop(enter(client, &to, &topic, &asked));
            }
        });
        Ok(Forgetful { port, memory })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether clients that ask for the brokers are told of none that there is.
    pub fn forget(&self, forgets: bool) {
        self.memory.is_lost.store(forgets, Ordering::SeqCst);
    }

    /// How many connections of clients there are.
    pub fn connections(&self) -> usize {
        self.memory.connections.load(Ordering::SeqCst)
    }
}

fn enter(client: TcpStream, to: &str, topic: &Arc<str>, memory: &Arc<Memory>) -> Result<()> {
    let server = TcpStream::connect(to)?;
    let (from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    // Answers come from two sides; each is written as a whole.
    let to_client = Arc::new(Mutex::new(client));
    let (answers, memory) = (Arc::clone(&to_client), Arc::clone(memory));
    let topic = Arc::clone(topic);
    memory.connections.fetch_add(1, Ordering::SeqCst);
    std::thread::spawn(move || {
        let passed = pass(from_client, |request| match answer(request, &topic) {
            Some(answer) if memory.is_lost.load(Ordering::SeqCst) => write(&answers, &answer),
            _ => to_server.write_all(request),
        });
        drop(passed);
        drop(to_server.shutdown(Shutdown::Both));
        memory.connections.fetch_sub(1, Ordering::SeqCst);
    });
    std::thread::spawn(move || {
        drop(pass(server, |response| write(&to_client, response)));
        let client = to_client.lock().unwrap_or_else(PoisonError::into_inner);
        drop(client.shutdown(Shutdown::Both));
    });
    Ok(())
}

fn write(to: &Mutex<TcpStream>, frame: &[u8]) -> Result<()> {
    to.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .write_all(frame)
}

/// Gives each frame, its length included, to `take`, until the end.
fn pass(mut from: TcpStream, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    loop {
        let mut length = [0; 4];
        from.read_exact(&mut length)?;
        let mut frame = length.to_vec();
        let size = u64::from(u32::from_be_bytes(length));
        if Read::take(&mut from, size).read_to_end(&mut frame)? as u64 != size {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        take(&frame)?;
    }
}

/// What a question for the brokers is answered with: there are none.
fn answer(request: &[u8], topic: &str) -> Option<Vec<u8>> {
    let number = |at: usize| {
        Some(i16::from_be_bytes(
            request.get(at..at + 2)?.try_into().ok()?,
        ))
    };
    let (key, version) = (number(4)?, number(6)?);
    if key != METADATA || !VERSIONS.contains(&version) {
        return None;
    }
    let mut body = request.get(8..12)?.to_vec();
    body.push(0);
    // Not throttled; no brokers; no cluster's id; no controller.
    body.extend(0_i32.to_be_bytes());
    body.extend([1, 0]);
    body.extend((-1_i32).to_be_bytes());
    // One topic: its error, name and id, not internal, no partitions.
    body.push(2);
    body.extend(LEADER_NOT_AVAILABLE.to_be_bytes());
    body.push(u8::try_from(topic.len() + 1).ok()?);
    body.extend(topic.as_bytes());
    if version >= 10 {
        body.extend([0; 16]);
    }
    body.extend([0, 1]);
    body.extend(i32::MIN.to_be_bytes());
    body.push(0);
    match version {
        ..=10 => body.extend(i32::MIN.to_be_bytes()),
        13.. => body.extend(0_i16.to_be_bytes()),
        _ => {}
    }
    body.push(0);
    let mut frame = u32::try_from(body.len()).ok()?.to_be_bytes().to_vec();
    frame.extend(body);
    Some(frame)
}
