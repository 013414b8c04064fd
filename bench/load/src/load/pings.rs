use std::io;
use std::rc::Rc;
use std::time::Duration;

use super::websocket::{WebSocket, text};
use super::{Done, Outcome, forever, measure};
use crate::servers::Running;

/// The time between two pings.
pub(super) const INTERVAL: Duration = Duration::from_millis(300);

pub(super) async fn run(server: &Running, clients: usize, window: Duration) -> io::Result<Outcome> {
    let done = Rc::new(Done::default());
    for _ in 0..clients {
        forever(&done, answer(WebSocket::open(server.address()).await?, Rc::clone(&done)));
    }
    measure(server, &done, window * 3).await
}

async fn answer(mut socket: WebSocket, done: Rc<Done>) -> io::Result<()> {
    let pong = text("3");
    loop {
        let pings = socket.read().await?.pings;
        for _ in 0..pings {
            socket.write(&pong).await?;
        }
        done.add(pings);
    }
}
