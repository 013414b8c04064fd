use std::io;
use std::net::SocketAddr;

use super::http::{Http, POLLING, WEBSOCKET, sid};
use super::websocket::{WebSocket, text};
use super::{Left, Outcome, repeat};
use crate::rows::Poll;
use crate::servers::Running;

pub(super) async fn run(server: &Running, poll: Poll) -> io::Result<Outcome> {
    repeat(server, SESSIONS, 16, |address, left| work(address, left, poll)).await
}

async fn work(address: SocketAddr, left: Left, poll: Poll) -> io::Result<()> {
    let mut http = Http::connect(address).await?;
    while left.take() {
        let open = http.get(POLLING).await?;
        let sid = sid(&open)?;
        if poll == Poll::Before {
            http.send(&format!("{POLLING}&sid={sid}")).await?;
        }
        let mut socket = WebSocket::join(address, &format!("{WEBSOCKET}&sid={sid}")).await?;
        socket.write(&text("2probe")).await?;
        socket.read_messages(1).await?;
        if poll == Poll::Before {
            // The server ends the poll with a noop.
            http.answer().await?;
        }
        socket.write(&[text("5"), text("4hello")].concat()).await?;
        socket.read_messages(1).await?;
    }
    Ok(())
}

/// Each has a connection of its own, and connections that end keep their ports for a while.
const SESSIONS: u64 = 3_000;
