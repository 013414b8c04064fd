//! What connections cost that have had their answer, and stay for the next request.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use heap::settled;

use super::{alone, server};
use crate::block_on;
use crate::engineio::{HTTP, ServerConfig, Socket};

const CLIENTS: usize = 500;
/// 16 KiB are hyper's buffers for reading and writing, which it keeps.
const ON_HYPER: isize = 24 << 10;
const ELSEWHERE: isize = 2 << 10;

#[test]
fn idle_connection_of_http_costs_at_most_24_kib_on_hyper_and_2_elsewhere() {
    let _alone = alone();
    let files = rlimit::increase_nofile_limit(2048).expect("a limit of open files");
    assert!(files > 2 * CLIENTS as u64 + 48, "this test needs 1,048 open files, not {files}");
    let (server, address) = server(ServerConfig::default(), async |_: Socket| {});
    let mut streams = Vec::with_capacity(CLIENTS + 1);
    streams.push(asked(address));
    let before = settled();
    streams.extend((0..CLIENTS).map(|_| asked(address)));
    let each = (settled() - before) / CLIENTS as isize;
    println!("{each} bytes for a connection after its first answer");
    assert!(each <= if HTTP == "hyper" { ON_HYPER } else { ELSEWHERE }, "{each}");
    drop(streams);
    block_on(server.close(Duration::ZERO));
}

/// A connection after one request, which has opened no session.
fn asked(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
    stream
        .write_all(b"GET /engine.io/?EIO=4&transport=none HTTP/1.1\r\nHost: test\r\n\r\n")
        .expect("the server reads");
    let mut answer = [0; 1024];
    let mut count = 0;
    // Nothing else has braces.
    while !answer[..count].ends_with(b"}") {
        count += stream.read(&mut answer[count..]).expect("an answer");
    }
    assert!(answer.starts_with(b"HTTP/1.1 400 "));
    stream
}
