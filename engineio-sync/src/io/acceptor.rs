//! Accepting connections.

use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;

use engineio_hub::listener::{ACCEPT_PAUSE, AcceptError, TURNED_AWAY};
use engineio_proto::Instant;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry};

use super::tokens::LISTENER;

/// The listener of a server, and what its events have said.
#[derive(Debug)]
pub(super) struct Acceptor {
    listener: TcpListener,
    has_event: bool,
    /// When to try again after the system had no room.
    paused_until: Option<Instant>,
    /// Counts the connections, so that the workers get one after the other.
    accepted: usize,
}

impl Acceptor {
    pub(super) fn new(registry: &Registry, mut listener: TcpListener) -> io::Result<Self> {
        registry.register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self { listener, has_event: true, paused_until: None, accepted: 0 })
    }

    /// There was an event of the listener.
    pub(super) const fn ready(&mut self) {
        self.has_event = true;
    }

    /// Whether there may be a connection now.
    pub(super) fn may_accept(&self, now: Instant) -> bool {
        self.has_event && self.paused_until.is_none_or(|until| until <= now)
    }

    pub(super) const fn paused_until(&self) -> Option<Instant> {
        self.paused_until
    }

    /// The next connection, if there is one now, and which of `workers` gets it.
    pub(super) fn accept(
        &mut self,
        now: Instant,
        workers: usize,
    ) -> Option<(TcpStream, SocketAddr, usize)> {
        if !self.may_accept(now) {
            return None;
        }
        self.paused_until = None;
        loop {
            match self.listener.accept() {
                Ok((socket, peer)) => {
                    // A packet is whole when it is written: waiting for more only delays it.
                    let _ = socket.set_nodelay(true);
                    let worker = self.accepted.checked_rem(workers).unwrap_or(0);
                    self.accepted = self.accepted.wrapping_add(1);
                    return Some((socket, peer, worker));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.has_event = false;
                    return None;
                }
                Err(error) => match AcceptError::of(&error) {
                    AcceptError::OfPeer => {}
                    // A registered listener doesn't give the latter.
                    AcceptError::Passing | AcceptError::Final => {
                        self.paused_until = Some(now + ACCEPT_PAUSE);
                        return None;
                    }
                },
            }
        }
    }
}

/// Answers a connection for which there is no place. If it can't take so few bytes at once, it
/// gets none.
pub(super) fn turn_away(mut socket: TcpStream) {
    let _ = socket.write(TURNED_AWAY);
}
