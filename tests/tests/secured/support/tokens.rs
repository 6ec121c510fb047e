//! An authorisation server: gives out tokens that nobody signed, which a test broker accepts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use openssl::ssl::{SslAcceptor, SslMethod};

use super::certificates::Certified;

/// Answers as long as the process lives; gives its address. `client` and `secret` get a token whose
/// subject is the client, others are refused.
pub fn serve(identity: &Certified, client: &str, secret: &str) -> Result<String> {
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls())?;
    acceptor.set_private_key(identity.key())?;
    acceptor.set_certificate(identity.certificate())?;
    let acceptor = Arc::new(acceptor.build());
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = format!("https://{}/token", listener.local_addr()?);
    let expected = BASE64_STANDARD.encode(format!("{client}:{secret}"));
    let client = client.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (acceptor, client) = (Arc::clone(&acceptor), client.clone());
            let expected = expected.clone();
            thread::spawn(move || {
                let answered = acceptor
                    .accept(stream)
                    .map_err(anyhow::Error::from)
                    .and_then(|mut stream| answer(&mut stream, &client, &expected));
                if let Err(error) = answered {
                    eprintln!("the authorisation server: {error:#}");
                }
            });
        }
    });
    Ok(address)
}

fn answer(stream: &mut (impl Read + Write), client: &str, expected: &str) -> Result<()> {
    let mut reader = BufReader::new(&mut *stream);
    let (mut authorized, mut length) = (false, 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(": ") else {
            if line.trim().is_empty() {
                break;
            }
            continue;
        };
        match name.to_lowercase().as_str() {
            "authorization" => authorized = value == format!("Basic {expected}"),
            "content-length" => length = value.parse().context("its length")?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let (status, text) = match authorized && body.contains("grant_type=client_credentials") {
        true => (
            "200 OK",
            format!(
                r#"{{"access_token":"{}","expires_in":300}}"#,
                token(client)?
            ),
        ),
        false => (
            "401 Unauthorized",
            r#"{"error":"invalid_client","error_description":"who are you?"}"#.to_owned(),
        ),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        text.len()
    );
    stream.write_all((head + &text).as_bytes())?;
    stream.flush().context("cannot answer")
}

fn token(client: &str) -> Result<String> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let now = now.as_secs();
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let claims = format!(r#"{{"sub":"{client}","iat":{now},"exp":{}}}"#, now + 300);
    Ok(format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&claims)))
}
