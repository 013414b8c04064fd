//! The way through an HTTP proxy.

use std::io::{Read, Write, copy};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use engineio_sync::{ClientCloseReason, ClientOptions};

use super::script::{Answer, Script};
use super::{OPEN, WAYS, connected, failure};

/// A proxy that knows `CONNECT`, and the heads of the requests that it got.
pub(crate) fn proxy() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    proxy_that_says("HTTP/1.1 200 OK\r\n\r\n")
}

fn proxy_that_says(answer: &'static str) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let heads = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&heads);
    thread::spawn(move || {
        for client in listener.incoming() {
            let told = Arc::clone(&told);
            let mut client = client.expect("a connection");
            thread::spawn(move || {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    client.read_exact(&mut byte).expect("a head");
                    head.extend(byte);
                }
                let head = String::from_utf8(head).expect("text");
                let target = head.split(' ').nth(1).expect("a target").to_owned();
                told.lock().expect("no panic").push(head);
                if !answer.starts_with("HTTP/1.1 2") {
                    while client.write_all(answer.as_bytes()).is_ok() {}
                    return;
                }
                let server = TcpStream::connect(target).expect("a server");
                client.write_all(answer.as_bytes()).expect("a client");
                let back = (client.try_clone(), server.try_clone());
                let (Ok(back_to), Ok(back_from)) = back else { panic!("no clones") };
                thread::spawn(move || relay(back_from, back_to));
                relay(client, server);
            });
        }
    });
    (address, heads)
}

fn relay(mut from: TcpStream, mut to: TcpStream) {
    let _ = copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

#[test]
fn every_connection_goes_through_the_proxy_with_its_password() {
    for way in WAYS {
        let server = Script::new(|request| match request.kind() {
            "open" => Answer::ok(format!("{OPEN}\x1e4through")),
            "post" => Answer::ok("ok"),
            "websocket" => Answer::websocket(|mut socket| {
                socket.send(OPEN.into()).expect("a client");
                socket.send("4through".into()).expect("a client");
                while socket.read().is_ok() {}
            }),
            _ => Answer::Silence,
        });
        let (proxy, heads) = proxy();
        let client = server.client().transports(way).proxy(&format!("http://ada:secret@{proxy}"));
        let mut client = connected(client);
        assert_eq!(client.recv(), Some("through".into()));
        let heads = heads.lock().expect("no panic");
        assert!(!heads.is_empty());
        for head in &*heads {
            let address = server.address;
            assert!(head.starts_with(&format!("CONNECT {address} HTTP/1.1\r\n")), "{head}");
            let head = head.to_ascii_lowercase();
            assert!(head.contains(&format!("\r\nhost: {address}\r\n")), "{head}");
            assert!(head.contains("proxy-authorization: basic ywrhonnly3jlda=="), "{head}");
        }
    }
}

#[test]
fn proxy_that_is_not_there_is_named_in_the_error() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let proxy = listener.local_addr().expect("an address");
    drop(listener);
    let client = ClientOptions::new("http://127.0.0.1:1").proxy(&format!("http://{proxy}"));
    let (reason, said) = failure(client);
    assert_eq!(reason, ClientCloseReason::Unreachable);
    assert!(said.contains(&proxy.to_string()), "{said}");
}

#[test]
fn refusal_by_the_proxy_is_named_in_the_error() {
    for (answer, says) in [
        ("HTTP/1.1 407 X\r\nContent-Length: 3\r\n\r\nno!", "the proxy refused with status 407"),
        ("HTTP/1.1 301 X\r\nLocation: http://x/\r\n\r\n", "the proxy refused with status 301"),
        ("SOCKS", "no answer in HTTP"),
        ("HTTP/1.1 100 X\r\n\r\n", "too long"),
    ] {
        let (proxy, _) = proxy_that_says(answer);
        let client = ClientOptions::new("http://127.0.0.1:1").proxy(&format!("http://{proxy}"));
        let (reason, said) = failure(client);
        assert_eq!(reason, ClientCloseReason::Unreachable, "{answer}");
        assert!(said.contains(says), "{answer}: {said}");
    }
}
