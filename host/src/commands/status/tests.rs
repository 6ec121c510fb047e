//! Asked of a real listener with a fake host behind it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use super::*;
use crate::admin::fake::{self, Fake};
use crate::admin::{self, AdminHandle};

fn host(token: Option<&str>) -> (AdminHandle, String) {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let token = token.map(|token| Secret(token.to_owned()));
    let view = Fake {
        ready: Ok(()),
        live: true,
    };
    let admin = admin::serve(listen, token, Arc::new(view)).expect("a free port");
    let url = format!("http://{}", admin.address());
    (admin, url)
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn a_host_is_shown_with_what_waits_and_why() {
    let (_admin, url) = host(None);
    let status = ask(&url, None).expect("it answers");
    let text = plain(&render(&status, None));
    assert_eq!(text, include_str!("status.golden"));
}

#[test]
fn what_a_record_put_into_a_reason_does_not_reach_the_terminal() {
    let mut status = fake::status();
    status.conditions[0].text = "\u{1b}[2Jgone".to_owned();
    status.partitions[1].waits.as_mut().expect("it waits").text = "\u{9b}31m\nx".to_owned();
    let text = plain(&render(&status, None));
    assert!(
        text.contains(r"\u{1b}[2Jgone") && text.contains(r"\u{9b}31m\nx"),
        "{text}"
    );
}

#[test]
fn a_ledger_that_does_not_balance_is_a_problem() {
    let mut status = fake::status();
    assert_eq!(balanced(&status), Ok(Exit::Fine));
    status.handlers[0].ledger.emitted += 1;
    assert_eq!(
        balanced(&status).expect_err("it is off").exit(),
        Exit::Problem
    );
    assert!(plain(&render(&status, None)).contains("DOES NOT BALANCE"));
}

#[test]
fn the_token_is_sent_and_its_lack_is_explained() {
    let (_admin, url) = host(Some("s3cret"));
    assert!(ask(&url, Some(&Secret("s3cret".to_owned()))).is_ok());
    let failure = ask(&url, None).expect_err("it is closed");
    assert_eq!(failure.exit(), Exit::Problem);
    assert!(
        failure.to_string().contains("asks for a token"),
        "{failure}"
    );
    let failure = ask(&url, Some(&Secret("wrong".to_owned()))).expect_err("it is closed");
    assert!(
        failure.to_string().contains("refuses the token"),
        "{failure}"
    );
}

#[test]
fn nobody_there_is_a_problem_that_says_so() {
    let (admin, url) = host(None);
    admin.stop();
    let failure = ask(&url, None).expect_err("nobody is there");
    assert_eq!(failure.exit(), Exit::Problem);
    assert!(
        failure.to_string().contains("nothing listens there"),
        "{failure}"
    );
}

#[test]
fn another_server_is_no_host() {
    let other = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", other.local_addr().expect("bound"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = other.accept().expect("a client");
        let mut request = [0; 1024];
        assert!(stream.read(&mut request).expect("a request") > 0);
        let answer = b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer).expect("it listens");
    });
    let failure = ask(&url, None).expect_err("no host");
    assert!(
        failure.to_string().contains("is no Penstock host"),
        "{failure}"
    );
    server.join().expect("no panic");
}

#[test]
fn the_url_is_taken_with_and_without_its_scheme() {
    for url in [
        "127.0.0.1:1",
        "http://127.0.0.1:1",
        "http://127.0.0.1:1/status",
    ] {
        assert_eq!(base_url(url).expect(url), "http://127.0.0.1:1");
    }
    for url in ["https://127.0.0.1:1", "", "http://"] {
        assert_eq!(base_url(url).expect_err(url).exit(), Exit::Usage);
    }
}

#[test]
fn a_host_that_listens_everywhere_is_asked_here() {
    let url = |listen: &str| {
        url_of(&Admin {
            listen: listen.parse().expect("an address"),
            token: None,
        })
    };
    assert_eq!(url("0.0.0.0:9644"), "http://127.0.0.1:9644");
    assert_eq!(url("[::]:9644"), "http://[::1]:9644");
    assert_eq!(url("10.1.2.3:1"), "http://10.1.2.3:1");
}
