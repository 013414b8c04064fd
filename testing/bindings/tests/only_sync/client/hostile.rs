//! Servers that are none, or mean harm.

use engineio_sync::{ClientCloseReason, ClientOptions, Transport, Violation};

use super::failure;
use super::script::{Answer, Script};

fn client(server: &Script) -> ClientOptions {
    server.client().transports([Transport::Polling])
}

/// Why there is no session with a server that always says this.
fn said(answer: impl Fn() -> Answer + Send + Sync + 'static) -> (ClientCloseReason, String) {
    failure(client(&Script::new(move |_| answer())))
}

#[test]
fn what_is_no_engine_io_is_named_in_the_error() {
    for (body, says) in [
        ("<!doctype html><title>Hello</title>", "packet 0 of the payload"),
        ("", "the payload is empty"),
        ("0{", "JSON"),
        ("0{}", "sid"),
        ("4hello", "Message"),
    ] {
        let (reason, _) = said(move || Answer::ok(body));
        assert!(matches!(reason, ClientCloseReason::Violation(_)), "{body}: {reason:?}");
        assert!(reason.to_string().contains(says), "{body}: {reason}");
    }
}

#[test]
fn what_is_no_http_is_named_in_the_error() {
    for (bytes, says) in [
        ("SSH-2.0-OpenSSH_9.6\r\n", "it doesn't begin as an answer does"),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "header"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "coding"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "chunk"),
    ] {
        let (reason, said) = said(move || Answer::raw(bytes));
        assert!(matches!(reason, ClientCloseReason::Violation(_)), "{bytes}: {reason:?}");
        assert!(said.contains(says), "{bytes}: {said}");
    }
}

#[test]
fn refusals_of_every_kind_have_their_status_and_body() {
    for (status, headers) in [(302, "Location: /elsewhere\r\n"), (404, ""), (500, "")] {
        let (reason, _) =
            said(move || Answer::Whole(status, headers, "<html>no</html>".to_owned()));
        let ClientCloseReason::Refused(refused) = reason else { panic!("{reason:?}") };
        assert_eq!((refused.status, &refused.body[..]), (status, &b"<html>no</html>"[..]));
    }
}

#[test]
fn redirect_is_not_followed() {
    let elsewhere = Script::new(|_| Answer::ok(super::OPEN));
    let location = format!("Location: {}/\r\nContent-Length: 0\r\n", elsewhere.url());
    let (reason, _) = said(move || Answer::raw(format!("HTTP/1.1 307 X\r\n{location}\r\n")));
    assert!(matches!(reason, ClientCloseReason::Refused(_)), "{reason:?}");
}

#[test]
fn connection_that_is_cut_in_the_handshake_ends_the_attempt() {
    for bytes in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n0{\"sid\":"] {
        let (reason, said) = said(move || Answer::raw(bytes));
        assert_eq!(reason, ClientCloseReason::Unreachable, "{bytes}");
        assert_ne!(said, "", "{bytes}");
    }
}

#[test]
fn endless_body_is_given_up_at_the_limit() {
    let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (start, more) in [
        (start, "a\r\n4444444444\r\n"),
        (start, "1\r\n4\r\n"),
        ("HTTP/1.1 200 OK\r\n\r\n", "4444"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n", "4444"),
    ] {
        let server = Script::new(move |_| Answer::Endless(start, more));
        let client = client(&server).config(|config| config.max_payload(100_000));
        let (reason, said) = failure(client);
        assert_eq!(reason, ClientCloseReason::Violation(Violation::TooLarge), "{start}");
        assert!(said.contains("longer than 100000 bytes"), "{said}");
    }
}

#[test]
fn endless_head_is_given_up() {
    for (start, more) in [
        ("HTTP/1.1 200 OK\r\n", "x: y\r\n"),
        ("HTTP/1.1 200 OK\r\nx: ", "y"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "x: y\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0"),
    ] {
        let (reason, said) = said(move || Answer::Endless(start, more));
        assert!(matches!(reason, ClientCloseReason::Violation(_)), "{start}{more}: {reason:?}");
        assert!(said.contains("too long"), "{start}{more}: {said}");
    }
}

#[test]
fn garbage_in_a_websocket_ends_the_session() {
    let server = Script::new(|_| {
        Answer::websocket(|mut socket| {
            socket.send(super::OPEN.into()).expect("a client");
            socket.get_mut().write_all(&[0xff; 1000]).expect("a client");
            while socket.read().is_ok() {}
        })
    });
    let client = server.client().transports([Transport::WebSocket]);
    let reason = super::connected(client).closed();
    assert!(matches!(reason, ClientCloseReason::Violation(_)), "{reason:?}");
}

#[test]
fn wrong_accept_key_is_no_websocket() {
    let server = Script::new(|_| {
        Answer::raw(
            "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
        )
    });
    let (reason, _) = failure(server.client().transports([Transport::WebSocket]));
    assert!(matches!(reason, ClientCloseReason::Violation(_)), "{reason:?}");
}
