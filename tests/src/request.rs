//! A request to the broker in Kafka's own protocol, for what rdkafka has no call.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, RequestHeader, ResponseHeader};
use kafka_protocol::protocol::{
    Decodable, Encodable, HeaderVersion, encode_request_header_into_buffer,
};

use crate::client::Client;

impl Client {
    /// Asks on the listener without encryption and login.
    ///
    /// # Errors
    /// When no answer comes.
    pub(crate) fn ask<A: Decodable + HeaderVersion>(
        &self,
        key: ApiKey,
        version: i16,
        request: &impl Encodable,
    ) -> Result<A> {
        let header = RequestHeader::default()
            .with_request_api_key(key as i16)
            .with_request_api_version(version);
        let mut frame = BytesMut::new();
        encode_request_header_into_buffer(&mut frame, &header)?;
        request.encode(&mut frame, version)?;
        let mut stream = TcpStream::connect(self.bootstrap()).context("cannot connect")?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut whole = BytesMut::new();
        whole.put_u32(u32::try_from(frame.len())?);
        whole.extend_from_slice(&frame);
        stream.write_all(&whole)?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let mut answer = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut answer)?;
        let mut answer = Bytes::from(answer);
        ResponseHeader::decode(&mut answer, A::header_version(version))?;
        A::decode(&mut answer, version)
    }
}
