//! A way to the broker that can be cut and slowed down.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

/// A listener on the loopback address that passes all on to another port; it lives as long as the
/// process.
pub struct Proxy {
    port: u16,
    way: Arc<Way>,
}

struct Way {
    to: u16,
    delay_ms: AtomicU64,
    open: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// To a port of this machine, on which nobody has to listen yet.
    ///
    /// # Errors
    /// When there is no port left.
    pub fn to(to: u16) -> Result<Proxy> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no port for a proxy")?;
        let port = listener.local_addr()?.port();
        let way = Arc::new(Way {
            to,
            delay_ms: AtomicU64::new(0),
            open: Mutex::default(),
        });
        let accepting = Arc::clone(&way);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                accepting.enter(client);
            }
        });
        Ok(Proxy { port, way })
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Closes all connections that there are.
    pub fn cut(&self) {
        for stream in self.way.open().drain(..) {
            // One that is closed already is as good as cut.
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// From now on whatever comes is held back for so long, in both directions.
    pub fn delay(&self, delay: Duration) {
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.way.delay_ms.store(millis, Ordering::Relaxed);
    }
}

impl Way {
    fn enter(self: &Arc<Self>, client: TcpStream) {
        // Where nobody listens, the client is told by the end of its connection.
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.to)) else {
            return;
        };
        let streams = [&client, &server, &client, &server].map(TcpStream::try_clone);
        let [
            Ok(from_client),
            Ok(from_server),
            Ok(client_end),
            Ok(server_end),
        ] = streams
        else {
            return;
        };
        self.open().extend([client_end, server_end]);
        self.pass(from_client, server);
        self.pass(from_server, client);
    }

    fn pass(self: &Arc<Self>, mut from: TcpStream, mut to: TcpStream) {
        let way = Arc::clone(self);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(read @ 1..) = from.read(&mut buffer) {
                let delay = way.delay_ms.load(Ordering::Relaxed);
                if delay > 0 {
                    std::thread::sleep(Duration::from_millis(delay));
                }
                if to.write_all(&buffer[..read]).is_err() {
                    break;
                }
            }
            // The other direction ends as well.
            drop(from.shutdown(Shutdown::Both));
            drop(to.shutdown(Shutdown::Both));
        });
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
