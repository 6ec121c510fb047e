//! The bytes of a connection, encrypted or not.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use crate::error::Error;
use crate::probe;
use crate::security::{Barrier, Failed, Tls, alert};

/// A stream of bytes to and from a broker.
pub(crate) enum Stream {
    /// As they are.
    Plain(TcpStream),
    /// Encrypted.
    Tls(Tls, Box<SslStream<TcpStream>>),
}

impl Stream {
    /// Connects to `host:port`, and encrypts.
    pub async fn open(address: &str, tls: Option<&Tls>) -> Result<Stream, Error> {
        let stream = TcpStream::connect(address).await.map_err(|error| {
            let why = match error.kind() {
                io::ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
                _ => error.to_string(),
            };
            Error::Unreachable {
                address: address.to_owned(),
                why,
            }
        })?;
        let Some(tls) = tls else {
            return Ok(Stream::Plain(stream));
        };
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        match tls.over(host, stream).await {
            Ok(stream) => Ok(Stream::Tls(tls.clone(), Box::new(stream))),
            Err(Failed::Barrier(barrier)) => Err(Error::Barred {
                address: address.to_owned(),
                barrier,
            }),
            Err(Failed::NoAnswer) => Err(probe::plain_text_spoken(address).await),
        }
    }

    /// What a failure to read or write says beyond itself: the other side's alert.
    pub fn barrier(&self, error: &io::Error) -> Option<Barrier> {
        let Stream::Tls(tls, _) = self else {
            return None;
        };
        let inner = error.get_ref()?.downcast_ref()?;
        alert(inner).map(|alert| tls.alerted(alert))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Tls(_, stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        of: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, of),
            Stream::Tls(_, stream) => Pin::new(stream.as_mut()).poll_write(cx, of),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(_, stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(_, stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}
