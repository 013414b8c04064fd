//! What errors say of a server whose HTTP isn't in order.

use std::net::TcpListener;

use peer::proxy_that_says;
use peer::script::{Answer, Script};

use crate::engineio::{ClientCloseReason, ClientOptions, Transport, Violation};
use crate::suite::client::{client_of, failure};

fn client(server: &Script) -> ClientOptions {
    client_of(server).transports([Transport::Polling])
}

/// Why there is no session with a server that always says this.
async fn said(answer: impl Fn() -> Answer + Send + Sync + 'static) -> (ClientCloseReason, String) {
    failure(client(&Script::new(move |_| answer()))).await
}

#[tokio::test]
async fn what_is_no_http_is_named_in_the_error() {
    for (bytes, says) in [
        ("SSH-2.0-OpenSSH_9.6\r\n", "it doesn't begin like an HTTP answer"),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "header"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "coding"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "chunk"),
    ] {
        let (reason, said) = said(move || Answer::raw(bytes)).await;
        assert!(matches!(reason, ClientCloseReason::Violation(_)), "{bytes}: {reason:?}");
        assert!(said.contains(says), "{bytes}: {said}");
    }
}

#[tokio::test]
async fn limit_that_an_endless_body_passes_is_named_in_the_error() {
    let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (start, more) in [
        (start, "a\r\n4444444444\r\n"),
        (start, "1\r\n4\r\n"),
        ("HTTP/1.1 200 OK\r\n\r\n", "4444"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n", "4444"),
    ] {
        let server = Script::new(move |_| Answer::Endless(start, more));
        let client = client(&server).config(|config| config.max_payload(100_000));
        let (reason, said) = failure(client).await;
        assert_eq!(reason, ClientCloseReason::Violation(Violation::TooLarge), "{start}");
        assert!(said.contains("longer than 100000 bytes"), "{said}");
    }
}

#[tokio::test]
async fn endless_head_is_given_up() {
    for (start, more) in [
        ("HTTP/1.1 200 OK\r\n", "x: y\r\n"),
        ("HTTP/1.1 200 OK\r\nx: ", "y"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "x: y\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0"),
    ] {
        let (reason, said) = said(move || Answer::Endless(start, more)).await;
        assert!(matches!(reason, ClientCloseReason::Violation(_)), "{start}{more}: {reason:?}");
        assert!(said.contains("too long"), "{start}{more}: {said}");
    }
}

#[tokio::test]
async fn address_that_refuses_is_named_in_the_error_as_server_and_as_proxy() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let (_, said) = failure(ClientOptions::new(&format!("http://{address}"))).await;
    assert!(said.contains(&format!("can't connect to {address}: ")), "{said}");
    let client = ClientOptions::new("http://127.0.0.1:1").proxy(&format!("http://{address}"));
    let (reason, said) = failure(client).await;
    assert_eq!(reason, ClientCloseReason::Unreachable);
    assert!(said.contains(&address.to_string()), "{said}");
}

#[tokio::test]
async fn refusal_by_the_proxy_is_named_in_the_error() {
    for (answer, says) in [
        ("HTTP/1.1 407 X\r\nContent-Length: 3\r\n\r\nno!", "the proxy refused with status 407"),
        ("HTTP/1.1 301 X\r\nLocation: http://x/\r\n\r\n", "the proxy refused with status 301"),
        ("SOCKS", "the answer is not valid HTTP"),
        ("HTTP/1.1 100 X\r\n\r\n", "too long"),
    ] {
        let (proxy, _) = proxy_that_says(answer);
        let client = ClientOptions::new("http://127.0.0.1:1").proxy(&format!("http://{proxy}"));
        let (reason, said) = failure(client).await;
        assert_eq!(reason, ClientCloseReason::Unreachable, "{answer}");
        assert!(said.contains(says), "{answer}: {said}");
    }
}
