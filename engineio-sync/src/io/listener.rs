//! Where connections come in.

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;

use engineio_hub::listener::{ACCEPT_PAUSE, AcceptError};
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
    pub(super) fn accept(&mut self, now: Instant) -> Option<(TcpStream, SocketAddr)> {
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
                Err(error) => match AcceptError::of(&error) {
                    AcceptError::OfPeer => {}
                    // Of a listener that was registered, the latter can't be.
                    AcceptError::Passing | AcceptError::Final => {
                        self.closed_until = Some(now + ACCEPT_PAUSE);
                        return None;
                    }
                },
            }
        }
    }
}

/// Sends a connection away that there is no place for. If it can't take so few bytes at once,
/// it gets none.
pub(super) fn turn_away(mut socket: TcpStream) {
    let _ = socket.write(&bare(StatusCode::SERVICE_UNAVAILABLE));
}
