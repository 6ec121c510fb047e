//! One connection to one broker: requests go out, answers come back, in turn.

use std::collections::HashMap;
use std::io;
use std::ops::RangeInclusive;

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiVersionsRequest, ApiVersionsResponse, RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{
    Decodable, HeaderVersion, StrBytes, VersionRange, encode_request_header_into_buffer,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::error::Error;
use crate::probe;
use crate::request::Request;
use crate::security::{Barrier, Security, log_in};
use crate::stream::Stream;

/// Ten thousand partitions' answers are a few megabytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
const CLIENT: StrBytes = StrBytes::from_static_str("penstock-doctor");
const VERSION: StrBytes = StrBytes::from_static_str(env!("CARGO_PKG_VERSION"));
/// Kafka 2.4 and later; older ones answer in version 0, with an error and what they know.
const API_VERSIONS: i16 = 3;
const UNSUPPORTED_VERSION: i16 = 35;
/// Each answer repeats its request's number: one that nothing else is likely to begin with.
const FIRST_CORRELATION: i32 = 0x5053_4B00;

/// A connection that knows what its broker speaks.
pub(crate) struct Connection {
    address: String,
    stream: Stream,
    spoken: HashMap<i16, VersionRange>,
    correlation: i32,
}

impl Connection {
    /// Connects, encrypts if that is wanted, asks which versions are spoken, and logs in.
    pub(crate) async fn open(address: &str, security: &Security) -> Result<Connection, Error> {
        let stream = Stream::open(address, security.tls.as_ref()).await?;
        let mut connection = Connection::over(stream, address);
        match connection.negotiate().await {
            Ok(()) => {}
            Err(Error::Closed { .. }) if security.tls.is_none() => {
                return Err(probe::encryption_wanted(address).await);
            }
            Err(error) => return Err(error),
        }
        if let Some(sasl) = &security.sasl {
            log_in(&mut connection, sasl).await?;
        }
        Ok(connection)
    }

    /// A connection of which nothing is known yet.
    pub(crate) fn over(stream: Stream, address: &str) -> Connection {
        Connection {
            address: address.to_owned(),
            stream,
            spoken: HashMap::new(),
            correlation: FIRST_CORRELATION,
        }
    }

    /// Asks which versions are spoken; a login is not needed for that.
    pub(crate) async fn negotiate(&mut self) -> Result<(), Error> {
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
        let correlation = self.correlation;
        self.stream
            .write_all(&frame)
            .await
            .map_err(|error| self.broken(&error))?;
        let mut body = self.answer().await?;
        let header = ResponseHeader::decode(&mut body, R::Answer::header_version(version))
            .map_err(|error| self.malformed(&error))?;
        // What is no answer of Kafka's is not decoded: the decoder reserves whatever memory a length
        // in it claims.
        if header.correlation_id != correlation {
            return Err(self.not_kafka());
        }
        Ok(body)
    }

    /// The next frame.
    async fn answer(&mut self) -> Result<Bytes, Error> {
        let mut head = [0; 4];
        let read = self.stream.read_exact(&mut head).await;
        read.map_err(|error| self.broken(&error))?;
        let length = usize::try_from(i32::from_be_bytes(head)).unwrap_or(usize::MAX);
        if length > ANSWER_BYTES_MAX {
            // An alert of TLS begins with 21 and the version, 3.x.
            return Err(match head {
                [21, 3, ..] => self.barred(Barrier::Encrypted),
                _ => self.not_kafka(),
            });
        }
        let mut body = vec![0; length];
        let read = self.stream.read_exact(&mut body).await;
        read.map_err(|error| self.broken(&error))?;
        Ok(Bytes::from(body))
    }

    fn broken(&self, error: &io::Error) -> Error {
        match self.stream.barrier(error) {
            Some(barrier) => self.barred(barrier),
            None => broken(&self.address, error),
        }
    }

    fn not_kafka(&self) -> Error {
        Error::NotKafka {
            address: self.address.clone(),
        }
    }

    /// For this reason.
    pub(crate) fn barred(&self, barrier: Barrier) -> Error {
        Error::Barred {
            address: self.address.clone(),
            barrier,
        }
    }

    pub(crate) fn malformed(&self, why: &dyn std::fmt::Display) -> Error {
        Error::Malformed {
            address: self.address.clone(),
            why: why.to_string(),
        }
    }
}

fn broken(address: &str, error: &io::Error) -> Error {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    let address = address.to_owned();
    match error.kind() {
        BrokenPipe | UnexpectedEof | ConnectionReset => Error::Closed { address },
        _ => Error::Unreachable {
            address,
            why: error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::*;

    /// What comes of a listener that answers with these bytes, whatever it is asked.
    fn asked(answer: &'static [u8]) -> Error {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
            let address = listener.local_addr().expect("its address").to_string();
            let answers = async {
                loop {
                    let (mut stream, _) = listener.accept().await.expect("a connection");
                    stream.write_all(answer).await.expect("it is sent");
                }
            };
            let security = Security::default();
            tokio::select! {
                opened = Connection::open(&address, &security) => match opened {
                    Ok(_) => panic!("it is taken for a broker"),
                    Err(error) => error,
                },
                () = answers => unreachable!("it goes on for ever"),
                () = tokio::time::sleep(Duration::from_secs(60)) => panic!("it takes for ever"),
            }
        })
    }

    #[test]
    fn what_is_no_answer_of_kafkas_is_not_decoded() {
        for answer in [
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            // A frame of twelve bytes that claims two thousand million elements.
            &[0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0],
            &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        ] {
            let error = asked(answer);
            assert!(matches!(error, Error::NotKafka { .. }), "{error}");
        }
    }

    #[test]
    fn an_alert_of_tls_is_told_from_other_answers() {
        let error = asked(&[21, 3, 3, 0, 2, 2, 80]);
        let encrypted = Barrier::Encrypted;
        assert!(
            matches!(&error, Error::Barred { barrier, .. } if *barrier == encrypted),
            "{error}"
        );
    }
}
