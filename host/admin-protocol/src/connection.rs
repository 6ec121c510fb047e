//! One connection to one broker: requests go out, answers come back, in turn.

use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::ops::RangeInclusive;
use std::pin::Pin;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiVersionsRequest, ApiVersionsResponse, RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{
    Decodable, HeaderVersion, StrBytes, VersionRange, encode_request_header_into_buffer,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::error::Error;
use crate::request::Request;

/// Ten thousand partitions' answers are a few megabytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
const CLIENT: StrBytes = StrBytes::from_static_str("penstock-doctor");
const VERSION: StrBytes = StrBytes::from_static_str(env!("CARGO_PKG_VERSION"));
/// Kafka 2.4 and later; older ones answer in version 0, with an error and what they know.
const API_VERSIONS: i16 = 3;
const UNSUPPORTED_VERSION: i16 = 35;

/// A connection that knows what its broker speaks.
pub(crate) struct Connection {
    address: String,
    stream: TcpStream,
    spoken: HashMap<i16, VersionRange>,
    correlation: i32,
}

impl Connection {
    /// Connects, and asks which versions are spoken. What encrypts and logs in belongs here.
    pub(crate) async fn open(address: &str) -> Result<Connection, Error> {
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
        let mut connection = Connection {
            address: address.to_owned(),
            stream,
            spoken: HashMap::new(),
            correlation: 0,
        };
        connection.negotiate().await?;
        Ok(connection)
    }

    async fn negotiate(&mut self) -> Result<(), Error> {
        let request = ApiVersionsRequest::default()
            .with_client_software_name(CLIENT)
            .with_client_software_version(VERSION);
        let mut answer = self.exchange(&request, API_VERSIONS).await?;
        let refused = answer.len() >= 2 && answer[..2] == UNSUPPORTED_VERSION.to_be_bytes();
        let version = if refused { 0 } else { API_VERSIONS };
        let answer = ApiVersionsResponse::decode(&mut answer, version)
            .map_err(|error| self.malformed(&error))?;
        let spoken = answer.api_keys.iter().map(|of| {
            let range = VersionRange {
                min: of.min_version,
                max: of.max_version,
            };
            (of.api_key, range)
        });
        self.spoken = spoken.collect();
        Ok(())
    }

    /// Sends what `request` makes for the newest of `versions` that both sides speak.
    pub(crate) async fn ask<R: Request>(
        &mut self,
        versions: RangeInclusive<i16>,
        request: impl FnOnce(i16) -> R,
    ) -> Result<R::Answer, Error> {
        let spoken = self.spoken.get(&(R::KEY as i16));
        let wanted = VersionRange {
            min: *versions.start(),
            max: *versions.end(),
        };
        let both = spoken.map(|spoken| spoken.intersect(&R::VERSIONS).intersect(&wanted));
        let version = match both {
            Some(both) if !both.is_empty() => both.max,
            _ => {
                return Err(Error::Unsupported {
                    address: self.address.clone(),
                    request: format!("{:?}", R::KEY),
                });
            }
        };
        let mut answer = self.exchange(&request(version), version).await?;
        let answer = R::Answer::decode(&mut answer, version);
        answer.map_err(|error| self.malformed(&error))
    }

    /// The body of the answer.
    async fn exchange<R: Request>(&mut self, request: &R, version: i16) -> Result<Bytes, Error> {
        self.correlation += 1;
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY as i16)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation)
            .with_client_id(Some(CLIENT));
        let mut frame = BytesMut::new();
        frame.put_i32(0);
        encode_request_header_into_buffer(&mut frame, &header)
            .and_then(|()| request.encode(&mut frame, version))
            .map_err(|error| self.malformed(&error))?;
        let length = i32::try_from(frame.len() - 4).map_err(|error| self.malformed(&error))?;
        frame[..4].copy_from_slice(&length.to_be_bytes());
        let address = &self.address;
        write_all(&mut self.stream, &frame)
            .await
            .map_err(|error| broken(address, &error))?;

        let mut head = [0; 4];
        read_exact(&mut self.stream, &mut head)
            .await
            .map_err(|error| broken(address, &error))?;
        let length = usize::try_from(i32::from_be_bytes(head)).unwrap_or(usize::MAX);
        if length > ANSWER_BYTES_MAX {
            // An alert of TLS begins with 21 and the version, 3.x.
            let encrypted = head[..2] == [21, 3];
            return Err(Error::NotKafka {
                address: address.clone(),
                encrypted,
            });
        }
        let mut body = vec![0; length];
        read_exact(&mut self.stream, &mut body)
            .await
            .map_err(|error| broken(address, &error))?;
        let mut body = Bytes::from(body);
        let header = ResponseHeader::decode(&mut body, R::Answer::header_version(version))
            .map_err(|error| self.malformed(&error))?;
        if header.correlation_id != self.correlation {
            return Err(self.malformed(&"an answer to something else"));
        }
        Ok(body)
    }

    fn malformed(&self, why: &dyn std::fmt::Display) -> Error {
        Error::Malformed {
            address: self.address.clone(),
            why: why.to_string(),
        }
    }
}

fn broken(address: &str, error: &io::Error) -> Error {
    use io::ErrorKind::{ConnectionReset, UnexpectedEof};
    let address = address.to_owned();
    match error.kind() {
        UnexpectedEof | ConnectionReset => Error::Closed { address },
        _ => Error::Unreachable {
            address,
            why: error.to_string(),
        },
    }
}

async fn write_all(stream: &mut (impl AsyncWrite + Unpin), mut bytes: &[u8]) -> io::Result<()> {
    while bytes.has_remaining() {
        let written = poll_fn(|cx| Pin::new(&mut *stream).poll_write(cx, bytes)).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes.advance(written);
    }
    poll_fn(|cx| Pin::new(&mut *stream).poll_flush(cx)).await
}

async fn read_exact(stream: &mut (impl AsyncRead + Unpin), bytes: &mut [u8]) -> io::Result<()> {
    let mut buffer = ReadBuf::new(bytes);
    while buffer.remaining() > 0 {
        let before = buffer.filled().len();
        poll_fn(|cx| Pin::new(&mut *stream).poll_read(cx, &mut buffer)).await?;
        if buffer.filled().len() == before {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}
