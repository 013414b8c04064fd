//! HTTP proxies, served by their own threads.

use std::io::{Read, Write, copy};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// Starts a proxy that supports `CONNECT`. Returns its address, and the heads of its requests.
#[must_use]
pub fn proxy() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    proxy_that_says("HTTP/1.1 200 OK\r\n\r\n")
}

/// Starts a proxy that sends this answer to each request. It repeats an answer that isn't a
/// success.
#[must_use]
pub fn proxy_that_says(answer: &'static str) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
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
