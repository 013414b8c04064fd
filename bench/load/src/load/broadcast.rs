use std::io;
use std::rc::Rc;
use std::time::Duration;

use server_options::TO_ALL;

use super::websocket::{WebSocket, text};
use super::{Done, Outcome, forever, measure};
use crate::servers::Running;

pub(super) async fn run(server: &Running, clients: usize, window: Duration) -> io::Result<Outcome> {
    let done = Rc::new(Done::default());
    for _ in 1..clients {
        forever(&done, hear(WebSocket::open(server.address()).await?, Rc::clone(&done)));
    }
    let speaker = WebSocket::open(server.address()).await?;
    forever(&done, speak(speaker, clients as u64, Rc::clone(&done)));
    measure(server, &done, window).await
}

async fn hear(mut socket: WebSocket, done: Rc<Done>) -> io::Result<()> {
    loop {
        done.add(socket.read().await?.messages);
    }
}

/// Says the next message when all have heard the last.
async fn speak(mut socket: WebSocket, clients: u64, done: Rc<Done>) -> io::Result<()> {
    let frame = text(&format!("4{TO_ALL}{}", "x".repeat(63)));
    let mut heard = 0;
    loop {
        socket.write(&frame).await?;
        socket.read_messages(1).await?;
        done.add(1);
        heard += clients;
        while done.count.get() < heard {
            tokio::task::yield_now().await;
        }
    }
}
