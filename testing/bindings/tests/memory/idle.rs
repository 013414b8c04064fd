//! What idle clients cost.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use heap::settled;

use super::{alone, server};
use crate::block_on;
use crate::engineio::{ServerConfig, Socket};

const SESSIONS: usize = 1000;
/// How many of them carry a long message each way.
const CARRIERS: usize = 100;
const MEBIBYTE: usize = 1 << 20;
/// Threads keep the memory of payloads up to a mebibyte for the next ones.
const LONG: usize = 2 * MEBIBYTE;

#[test]
fn idle_websocket_session_costs_at_most_4_kib_also_after_it_has_carried_two_mebibytes() {
    let _alone = alone();
    let files = rlimit::increase_nofile_limit(4096).expect("a limit of open files");
    assert!(files > 2 * SESSIONS as u64 + 48, "this test needs 2,048 open files, not {files}");
    let config = ServerConfig::builder().max_payload(LONG + 1).inbox_limit(4 * MEBIBYTE);
    let config = config.build().expect("a legal configuration");
    let (server, address) = server(config, async |mut socket: Socket| {
        while let Some(message) = socket.recv().await {
            let _ = socket.send(message).await;
        }
    });
    let mut streams = Vec::with_capacity(SESSIONS + 1);
    streams.push(open(address));
    let before = settled();
    streams.extend((0..SESSIONS).map(|_| open(address)));
    let idle = settled();
    let each = (idle - before) / SESSIONS as isize;
    println!("{each} bytes a session, with the tasks that carry and read it");
    assert_eq!(server.len(), SESSIONS + 1);
    assert!(each <= 4096, "{each}");

    streams.iter_mut().take(CARRIERS).for_each(carry_a_long_message);
    let more = (settled() - idle) / CARRIERS as isize;
    println!("{} bytes after two mebibytes each way", each + more);
    assert_eq!(server.len(), SESSIONS + 1);
    assert!(each + more <= 4096, "{each} and {more}");
    block_on(server.close(Duration::ZERO));
}

fn open(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
    stream
        .write_all(
            b"GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: test\r\n\
              Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
              Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .expect("the server reads");
    let mut bytes = [0; 1024];
    let mut count = 0;
    // The open packet is the only thing with braces.
    while !bytes[..count].ends_with(b"}") {
        count += stream.read(&mut bytes[count..]).expect("a 101");
    }
    stream
}

/// Sends a message and reads it back.
fn carry_a_long_message(stream: &mut TcpStream) {
    // A whole binary message. Masked, as clients must, with a mask of zeros.
    let mut frame = vec![0x82, 0x80 | 127];
    frame.extend((LONG as u64).to_be_bytes());
    frame.extend([0; 4]);
    frame.resize(frame.len() + LONG, 7);
    stream.write_all(&frame).expect("the server reads");
    let mut echo = vec![0; 2 + 8 + LONG];
    stream.read_exact(&mut echo).expect("the server sends it back");
    assert!(echo[..2] == [0x82, 127] && echo[10..].iter().all(|byte| *byte == 7));
}
