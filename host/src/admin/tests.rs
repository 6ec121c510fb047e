//! Every route, asked over a real connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::fake::Fake;
use super::*;
use crate::fingerprint;
use crate::hosts::{self, Unanswered};

fn start(token: Option<&str>, ready: Result<(), String>, live: bool) -> AdminHandle {
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let token = token.map(|token| Secret(token.to_owned()));
    serve(listen, token, Arc::new(Fake { ready, live })).expect("a free port")
}

fn healthy() -> AdminHandle {
    start(None, Ok(()), true)
}

/// Sends a request as it is and reads until the host closes.
fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

fn get(admin: &AdminHandle, path: &str, header: &str) -> (String, String) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\n{header}\r\n");
    let answer = exchange(admin.address(), &request);
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    (head.to_owned(), body.to_owned())
}

fn status_of(head: &str) -> &str {
    head.split(' ').nth(1).expect("a status")
}

#[test]
fn health_and_readiness_say_why_not() {
    let (head, body) = get(&healthy(), "/healthz", "");
    assert_eq!((status_of(&head), body.as_str()), ("200", "live\n"));
    let (head, body) = get(&healthy(), "/readyz", "");
    assert_eq!((status_of(&head), body.as_str()), ("200", "ready\n"));

    let ill = start(None, Err("waiting for Kafka".to_owned()), false);
    let (head, _) = get(&ill, "/healthz", "");
    assert_eq!(status_of(&head), "503");
    let (head, body) = get(&ill, "/readyz", "");
    assert_eq!(
        (status_of(&head), body.as_str()),
        ("503", "not ready: waiting for Kafka\n")
    );
}

#[test]
fn the_status_is_json_of_the_shape_that_penstock_status_reads() {
    let (head, body) = get(&healthy(), "/status", "");
    assert_eq!(status_of(&head), "200");
    assert!(head.contains("application/json"), "{head}");
    let status: Status = serde_json::from_str(&body).expect("a status");
    assert_eq!(status.partitions.len(), 2);
    assert_eq!(status.partitions[1].lag, None);
    assert!(
        body.contains(r#""lag":null"#),
        "unknown is null, never zero"
    );
}

#[test]
fn a_token_closes_the_status_and_leaves_health_and_metrics_open() {
    let admin = start(Some("s3cret"), Ok(()), true);
    let (head, body) = get(&admin, "/status", "");
    assert_eq!(status_of(&head), "401");
    assert!(
        head.to_ascii_lowercase()
            .contains("www-authenticate: bearer"),
        "{head}"
    );
    assert!(!body.contains("s3cret"));
    let (head, _) = get(&admin, "/status", "Authorization: Bearer wrong\r\n");
    assert_eq!(status_of(&head), "401");
    let (head, _) = get(&admin, "/status", "Authorization: Bearer s3cret\r\n");
    assert_eq!(status_of(&head), "200");
    for open in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(status_of(&get(&admin, open, "").0), "200", "{open}");
    }
}

const ORDER: &str =
    r#"{"to":{"group":"g","host":"h","started":"s"},"dry-run":false,"partitions":[]}"#;

/// The status of the answer to an order, and its body.
fn order(address: SocketAddr, headers: &str, body: &str) -> (String, String) {
    order_by(&address.to_string(), address, headers, body)
}

/// The same of a host by this name.
fn order_by(name: &str, address: SocketAddr, headers: &str, body: &str) -> (String, String) {
    let (length, host) = (body.len(), format!("Host: {name}\r\n"));
    let request = format!(
        "POST /operations/reset HTTP/1.1\r\n{host}Content-Length: {length}\r\n{headers}\r\n{body}"
    );
    let answer = exchange(address, &request);
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    (status_of(head).to_owned(), body.to_owned())
}

const JSON: &str = "Content-Type: application/json\r\n";

#[test]
fn without_a_token_a_page_that_has_a_name_for_this_machine_orders_nothing() {
    let admin = start(None, Ok(()), true);
    let given = |name: &str| order_by(name, admin.address(), JSON, ORDER).0;
    for name in [
        "127.0.0.1:9644",
        "127.0.0.1",
        "[::1]:9644",
        "localhost:9644",
        "LOCALHOST",
    ] {
        assert_eq!(given(name), "200", "{name}");
    }
    for name in [
        "evil.example:9644",
        "evil.example",
        "localhost.evil.example",
        "",
    ] {
        assert_eq!(given(name), "403", "{name}");
    }
}

#[test]
fn an_order_wants_the_token_where_there_is_one() {
    let address = |admin: &AdminHandle| admin.address();
    let guarded = start(Some("s3cret"), Ok(()), true);
    for wrong in ["", "Authorization: Bearer wrong\r\n"] {
        let (status, body) = order(address(&guarded), &format!("{JSON}{wrong}"), ORDER);
        assert_eq!(status, "401");
        assert!(!body.contains("s3cret"), "{body}");
    }
    let right = format!("{JSON}Authorization: Bearer s3cret\r\n");
    let (status, body) = order(address(&guarded), &right, ORDER);
    assert_eq!(status, "200");
    assert_eq!(body, r#"{"result":"done","text":"0 partitions"}"#);
}

#[test]
fn without_a_token_an_order_is_taken_on_the_loopback_address_alone() {
    let (status, _) = order(healthy().address(), JSON, ORDER);
    assert_eq!(status, "200");
    let everywhere = SocketAddr::from(([0, 0, 0, 0], 0));
    let open = |token: Option<&str>| {
        let fake = Fake {
            ready: Ok(()),
            live: true,
        };
        let token = token.map(|token| Secret(token.to_owned()));
        serve(everywhere, token, Arc::new(fake)).expect("a free port")
    };
    let near = |admin: &AdminHandle| SocketAddr::from(([127, 0, 0, 1], admin.address().port()));
    let bare = open(None);
    let (status, body) = order(near(&bare), JSON, ORDER);
    assert_eq!(status, "403");
    assert!(body.contains("admin.token"), "{body}");
    // What is only looked at stays open.
    let request = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";
    assert_eq!(status_of(&exchange(near(&bare), request)), "200");
    let guarded = open(Some("s3cret"));
    let right = format!("{JSON}Authorization: Bearer s3cret\r\n");
    assert_eq!(order(near(&guarded), &right, ORDER).0, "200");
}

#[test]
fn an_order_that_a_web_page_could_send_or_nobody_understands_is_refused() {
    let admin = healthy();
    for kind in ["", "Content-Type: text/plain\r\n"] {
        assert_eq!(order(admin.address(), kind, ORDER).0, "415", "{kind}");
    }
    let (status, body) = order(admin.address(), JSON, r#"{"to":1}"#);
    assert_eq!(status, "400");
    assert!(body.contains("no order"), "{body}");
    let (head, _) = get(&admin, "/operations/reset", "");
    assert_eq!(status_of(&head), "405");
}

#[test]
fn a_record_is_watched_by_whoever_has_the_token() {
    let admin = start(Some("s3cret"), Ok(()), true);
    let url = format!("http://{}", admin.address());
    let wanted = fingerprint::of("purchase-confirmed", None, Some(b"v"));
    let secret = Secret("s3cret".to_owned());
    let refused = hosts::watch(&url, None, &wanted).expect_err("it is closed");
    assert_eq!(refused, Unanswered::Unauthorised { sent: false });
    let opened = hosts::watch(&url, Some(&secret), &wanted).expect("it is watched");
    assert_eq!((opened.watch, opened.host.as_str()), (7, "worker-1"));
    for (from, left) in [(0, 2), (2, 0)] {
        let seen = hosts::seen(&url, Some(&secret), 7, from).expect("it answers");
        assert_eq!(seen.steps.len(), left);
    }
    let gone = hosts::seen(&url, Some(&secret), 8, 0).expect_err("there is no such watch");
    assert_eq!(gone, Unanswered::Stranger(404));
    let other = fingerprint::of("another", None, None);
    let refused = hosts::watch(&url, Some(&secret), &other).expect_err("no such topic");
    assert_eq!(refused, Unanswered::Stranger(409));
    let (head, _) = get(&admin, "/watches/7", "");
    assert_eq!(status_of(&head), "401");
}

#[test]
fn a_wrong_path_names_the_right_ones_and_a_wrong_method_is_refused() {
    let (head, body) = get(&healthy(), "/state", "");
    assert_eq!(status_of(&head), "404");
    for route in ["/healthz", "/readyz", "/metrics", "/status"] {
        assert!(body.contains(route), "{body}");
    }
    let post = "POST /status HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(status_of(&exchange(healthy().address(), post)), "405");
}

#[test]
fn a_request_of_too_many_bytes_is_refused() {
    let long = format!("X-Long: {}\r\n", "x".repeat(20_000));
    let (head, _) = get(&healthy(), "/healthz", &long);
    assert_eq!(status_of(&head), "431");
}

#[test]
fn the_metrics_are_served_as_openmetrics() {
    let (head, body) = get(&healthy(), "/metrics", "");
    assert_eq!(status_of(&head), "200");
    assert!(
        head.contains("application/openmetrics-text; version=1.0.0"),
        "{head}"
    );
    assert!(body.ends_with("# EOF\n"), "{body}");
}

#[test]
fn an_address_that_is_taken_is_named_with_what_to_do() {
    let first = healthy();
    let fake = Fake {
        ready: Ok(()),
        live: true,
    };
    let error = serve(first.address(), None, Arc::new(fake)).expect_err("it is taken");
    let text = error.to_string();
    assert!(text.contains(&first.address().to_string()), "{text}");
    assert!(text.contains("admin.listen"), "{text}");
}

#[test]
fn after_a_stop_the_port_is_free_again() {
    let admin = healthy();
    let address = admin.address();
    admin.stop();
    assert!(TcpStream::connect(address).is_err());
    drop(TcpListener::bind(address).expect("the port is free"));
}
