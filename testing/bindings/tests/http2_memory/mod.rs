//! What idle WebSockets over HTTP/2 cost.

mod frames;

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use heap::settled;

use self::frames::Connection;
use crate::block_on;
use crate::engineio::{ServerConfig, Socket};
use crate::memory::{alone, server};

const SESSIONS: usize = 1000;

/// Beside what it costs over HTTP/1.1 there is the stream, the task that writes to it, and a share of
/// the connection.
#[test]
fn idle_websocket_session_over_http2_costs_at_most_4_kib_where_many_share_a_connection() {
    let each = cost_of_a_session(100);
    assert!(each <= 4 << 10, "{each}");
}

/// Most of it are h2's buffers.
#[test]
fn idle_websocket_session_over_http2_costs_at_most_48_kib_with_a_connection_of_its_own() {
    let each = cost_of_a_session(1);
    assert!(each <= 48 << 10, "{each}");
}

fn cost_of_a_session(sessions_of_a_connection: u32) -> isize {
    let _alone = alone();
    let files = rlimit::increase_nofile_limit(4096).expect("a limit of open files");
    assert!(files > 2 * SESSIONS as u64 + 48, "this test needs 2,048 open files, not {files}");
    let (server, address) = server(ServerConfig::default(), async |mut socket: Socket| {
        while let Some(message) = socket.recv().await {
            let _ = socket.send(message).await;
        }
    });
    let connections = SESSIONS / sessions_of_a_connection as usize;
    let mut streams = Vec::with_capacity(connections + 1);
    streams.push(open(address, sessions_of_a_connection));
    let before = settled();
    streams.extend((0..connections).map(|_| open(address, sessions_of_a_connection)));
    let each = (settled() - before) / SESSIONS as isize;
    println!("{each} bytes a session, {sessions_of_a_connection} on a connection");
    assert_eq!(server.len(), SESSIONS + sessions_of_a_connection as usize);
    block_on(server.close(Duration::ZERO));
    each
}

/// A connection with so many sessions, each of which has come to its open packet.
fn open(address: SocketAddr, sessions: u32) -> TcpStream {
    let mut connection = Connection::open(address);
    for number in 0..sessions {
        connection.open_websocket(2 * number + 1);
    }
    connection.into_stream()
}
