//! Where connections come in.

use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use engineio_proto::Instant;
use http::StatusCode;
use mio::net::{TcpListener, TcpStream};

use crate::http::bare;

/// The listener, and whether it has something.
#[derive(Debug)]
pub(super) struct Door {
    listener: TcpListener,
    may_accept: bool,
    /// When to try again after the machine had no room.
    pub(super) closed_until: Option<Instant>,
}

impl Door {
    pub(super) const fn new(listener: TcpListener) -> Self {
        Self { listener, may_accept: true, closed_until: None }
    }

    /// Someone is there.
    pub(super) const fn ready(&mut self) {
        self.may_accept = true;
    }

    /// Whether a connection may be there now.
    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.may_accept && self.closed_until.is_none_or(|until| until <= now)
    }

    /// The next connection. `None`: there is none now.
    pub(super) fn accept(&mut self, now: Instant) -> Option<(TcpStream, std::net::SocketAddr)> {
        self.closed_until = None;
        loop {
            match self.listener.accept() {
                Ok((socket, peer)) => {
                    // A packet is whole when it is written: waiting for more only delays it.
                    let _ = socket.set_nodelay(true);
                    return Some((socket, peer));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.may_accept = false;
                    return None;
                }
                Err(error) if is_of_peer(&error) => {}
                // No memory, too many open files, a network that is down: it passes.
                Err(_) => {
                    self.closed_until = Some(now + ACCEPT_PAUSE);
                    return None;
                }
            }
        }
    }
}

/// Sends a connection away that there is no place for. If it can't take so few bytes at once,
/// it gets none.
pub(super) fn turn_away(mut socket: TcpStream) {
    let _ = socket.write(&bare(StatusCode::SERVICE_UNAVAILABLE));
}

/// Whether the trouble is over with the connection that it came with.
fn is_of_peer(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// How long to wait when `accept` can't go on for now.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
