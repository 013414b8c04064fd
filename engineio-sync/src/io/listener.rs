//! Where connections come in.

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;

use engineio_hub::listener::{ACCEPT_PAUSE, AcceptError};
use engineio_proto::Instant;
use http::StatusCode;
use mio::net::{TcpListener, TcpStream};

use crate::http1::bare;

/// The listener, and whether it has something.
#[derive(Debug)]
pub(super) struct Listener {
    listener: TcpListener,
    is_ready: bool,
    /// When to try again after the machine had no room.
    pub(super) paused_until: Option<Instant>,
}

impl Listener {
    pub(super) const fn new(listener: TcpListener) -> Self {
        Self { listener, is_ready: true, paused_until: None }
    }

    /// A connection may be there.
    pub(super) const fn ready(&mut self) {
        self.is_ready = true;
    }

    /// Whether a connection may be there now.
    pub(super) fn may_accept(&self, now: Instant) -> bool {
        self.is_ready && self.paused_until.is_none_or(|until| until <= now)
    }

    /// The next connection. `None`: there is none now.
    pub(super) fn accept(&mut self, now: Instant) -> Option<(TcpStream, SocketAddr)> {
        self.paused_until = None;
        loop {
            match self.listener.accept() {
                Ok((socket, peer)) => {
                    // A packet is whole when it is written: waiting for more only delays it.
                    let _ = socket.set_nodelay(true);
                    return Some((socket, peer));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.is_ready = false;
                    return None;
                }
                Err(error) => match AcceptError::of(&error) {
                    AcceptError::OfPeer => {}
                    // Of a listener that was registered, the latter can't be.
                    AcceptError::Passing | AcceptError::Final => {
                        self.paused_until = Some(now + ACCEPT_PAUSE);
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
