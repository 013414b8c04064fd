//! The bound of what all clients together make a server hold.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use heap::settled;

use super::{alone, server};
use crate::block_on;
use crate::engineio::{ServerConfig, Socket};

const MAX: usize = 4 << 20;
const LARGE: usize = 500_000;
/// More than four times what fits.
const CLIENTS: usize = 40;
/// What a client may cost beside what is counted: its session, its connection with the buffer of
/// its HTTP library, and what isn't counted of it.
const EACH: usize = 48 << 10;
const TARGET: &str = "/engine.io/?EIO=4&transport=polling";

#[test]
fn bodies_and_messages_that_never_end_hold_no_more_than_max_memory() {
    let _alone = alone();
    let config = ServerConfig::builder().max_memory(MAX).max_payload(LARGE);
    let config = config.build().expect("a legal configuration");
    let (server, address) = server(config, async |mut socket: Socket| {
        while let Some(message) = socket.recv().await {
            let _ = socket.send(message).await;
        }
    });
    let before = settled();
    let posts: Vec<_> = (0..CLIENTS).map(|_| stopping_post(address)).collect();
    let held = settled() - before;
    println!("{held} bytes for {CLIENTS} bodies of {LARGE}");
    let most = (MAX + CLIENTS * EACH) as isize;
    assert!(held <= most, "{held} of {most}");
    let messages: Vec<_> = (0..CLIENTS).map(|_| half_sent(address)).collect();
    let held = settled() - before;
    println!("{held} bytes with as many messages");
    let most = (MAX + 2 * CLIENTS * EACH) as isize;
    assert!(held <= most, "{held} of {most}");
    drop((posts, messages));
    block_on(server.close(Duration::ZERO));
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
    // The server needn't read all that is sent.
    stream.set_write_timeout(Some(Duration::from_millis(100))).expect("a time-out");
    stream
}

/// The answer up to its end, which is known from its last bytes.
fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"}") {
        stream.read_exact(&mut byte).expect("an open packet");
        answer.push(byte[0]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// A POST of which all is sent but the last byte.
fn stopping_post(address: SocketAddr) -> TcpStream {
    let mut stream = connect(address);
    write!(stream, "GET {TARGET} HTTP/1.1\r\nHost: test\r\n\r\n").expect("the server reads");
    let opened = answer(&mut stream);
    let sid = opened.split('"').skip_while(|part| *part != "sid").nth(2).expect("a sid");
    let head = format!(
        "POST {TARGET}&sid={sid} HTTP/1.1\r\nHost: test\r\nContent-Length: {LARGE}\r\n\r\n"
    );
    send(&mut stream, head.as_bytes());
    stream
}

/// A WebSocket with a message of which all is sent but the last byte.
fn half_sent(address: SocketAddr) -> TcpStream {
    let mut stream = connect(address);
    write!(
        stream,
        "GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: test\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .expect("the server reads");
    answer(&mut stream);
    let mut head = vec![0x82, 0x80 | 127];
    head.extend((LARGE as u64).to_be_bytes());
    head.extend([0; 4]);
    send(&mut stream, &head);
    stream
}

/// Sends this and then all but the last byte of a large payload, as much as the server reads.
fn send(stream: &mut TcpStream, head: &[u8]) {
    stream.write_all(head).expect("the server reads");
    let _ = stream.write_all(&[b'4'; LARGE][..LARGE - 1]);
}
