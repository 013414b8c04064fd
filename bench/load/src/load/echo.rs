use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::websocket::{WebSocket, frame};
use super::{Done, Outcome, forever, measure};
use crate::rows::Message;
use crate::servers::Running;

pub(super) async fn run(
    server: &Running,
    clients: usize,
    in_flight: usize,
    message: Message,
    window: Duration,
) -> io::Result<Outcome> {
    let frame: Rc<[u8]> = match message {
        Message::Text(length) => frame(true, format!("4{}", "x".repeat(length)).as_bytes()),
        Message::Binary(length) => frame(false, &vec![b'x'; length]),
    }
    .into();
    let done = Rc::new(Done::default());
    let mut sockets = Vec::new();
    for _ in 0..clients {
        sockets.push(WebSocket::open(server.address()).await?);
    }
    for socket in sockets {
        forever(&done, talk(socket, Rc::clone(&frame), in_flight, Rc::clone(&done)));
    }
    // A client among thousands has its turn a few times a second.
    let window = if clients < 1_000 { window } else { window * 3 };
    measure(server, &done, window).await
}

/// Keeps so many messages under way.
async fn talk(
    mut socket: WebSocket,
    frame: Rc<[u8]>,
    in_flight: usize,
    done: Rc<Done>,
) -> io::Result<()> {
    let mut sent = Instant::now();
    socket.write(&frame.repeat(in_flight)).await?;
    loop {
        let came = socket.read().await?.messages;
        if came == 0 {
            continue;
        }
        done.add(came);
        if in_flight == 1 {
            let now = Instant::now();
            done.took(now - sent);
            sent = now;
            socket.write(&frame).await?;
        } else {
            socket.write(&frame.repeat(came as usize)).await?;
        }
    }
}
