//! Making a connection: address by address, and through a proxy if there is one.

use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::vec;

use engineio_hub::client::ADDRESS_PATIENCE;
use engineio_proto::Instant;
use http::StatusCode;
use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use super::BoxError;
use super::connection::Connection;
use super::connector::Connector;
use super::exchange::{Answer, ClientExchange};
use super::request::converse;
use crate::stream::Tcp;

/// A connection about to be.
pub(super) struct Dial {
    token: Token,
    /// Addresses that weren't tried yet.
    left: vec::IntoIter<SocketAddr>,
    stage: Stage,
}

enum Stage {
    /// No address is being tried. This is what became of the last one.
    Next(Option<BoxError>),
    /// It is, up to then. The last one may take as long as the session lets it.
    Connecting(SocketAddr, Tcp, Option<Instant>),
    /// The proxy is asked.
    Asking(Tcp, Box<ClientExchange>),
}

/// What the machine said to an address.
#[derive(Debug, thiserror::Error)]
#[error("can't connect to {address}")]
struct Unreachable {
    address: SocketAddr,
    source: io::Error,
}

impl Dial {
    /// Begins, which may wait for the name to be looked up.
    pub(super) fn begin(token: Token, connector: &mut Connector) -> Result<Self, BoxError> {
        let left = connector.addresses()?.into_iter();
        Ok(Self { token, left, stage: Stage::Next(None) })
    }

    /// Takes note of an event, if it is of this connection.
    pub(super) fn ready(&mut self, event: &Event) {
        if event.token() == self.token {
            match &mut self.stage {
                Stage::Next(_) => {}
                Stage::Connecting(_, tcp, _) | Stage::Asking(tcp, _) => tcp.ready(event),
            }
        }
    }

    /// When to poll again at the latest.
    pub(super) const fn timeout(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Connecting(_, _, until) => *until,
            Stage::Next(_) | Stage::Asking(..) => None,
        }
    }

    pub(super) fn poll(
        &mut self,
        connector: &mut Connector,
        registry: &Registry,
        now: Instant,
        scratch: &mut [u8],
    ) -> Poll<Result<Connection, BoxError>> {
        loop {
            match std::mem::replace(&mut self.stage, Stage::Next(None)) {
                Stage::Next(error) => match self.left.next() {
                    Some(address) => self.stage = self.connect(address, registry, now),
                    None => {
                        connector.forget();
                        let error = error.unwrap_or_else(|| "the name has no address".into());
                        return Poll::Ready(Err(error));
                    }
                },
                Stage::Connecting(address, tcp, until) => match connected(&tcp) {
                    Poll::Ready(Ok(())) => {
                        connector.reached(address);
                        // Without it small packets wait for the answer to those before them.
                        let _ = tcp.socket.set_nodelay(true);
                        match connector.tunnel()? {
                            Some(exchange) => self.stage = Stage::Asking(tcp, Box::new(exchange)),
                            None => return Poll::Ready(connector.secure(self.token, tcp)),
                        }
                    }
                    Poll::Ready(Err(source)) => self.stage = failed(address, source),
                    Poll::Pending if until.is_some_and(|until| now >= until) => {
                        self.stage = failed(address, io::ErrorKind::TimedOut.into());
                    }
                    Poll::Pending => {
                        self.stage = Stage::Connecting(address, tcp, until);
                        return Poll::Pending;
                    }
                },
                Stage::Asking(mut tcp, mut exchange) => {
                    let Poll::Ready(answer) = converse(&mut tcp, &mut exchange, scratch) else {
                        self.stage = Stage::Asking(tcp, exchange);
                        return Poll::Pending;
                    };
                    check(&answer?)?;
                    return Poll::Ready(connector.secure(self.token, tcp));
                }
            }
        }
    }

    fn connect(&self, address: SocketAddr, registry: &Registry, now: Instant) -> Stage {
        let connecting = TcpStream::connect(address).and_then(|mut socket| {
            registry.register(&mut socket, self.token, Interest::READABLE | Interest::WRITABLE)?;
            Ok(socket)
        });
        match connecting {
            Ok(socket) => {
                let until = (self.left.len() > 0).then_some(now + ADDRESS_PATIENCE);
                Stage::Connecting(address, Tcp::new(socket), until)
            }
            Err(source) => failed(address, source),
        }
    }
}

fn failed(address: SocketAddr, source: io::Error) -> Stage {
    Stage::Next(Some(Unreachable { address, source }.into()))
}

/// Whether it is, as mio's documentation of `TcpStream::connect` has it.
fn connected(tcp: &Tcp) -> Poll<io::Result<()>> {
    if let Some(error) = tcp.socket.take_error()? {
        return Poll::Ready(Err(error));
    }
    match tcp.socket.peer_addr() {
        Ok(_) => Poll::Ready(Ok(())),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Poll::Pending,
        Err(error) => Poll::Ready(Err(error)),
    }
}

/// What a proxy said.
fn check(answer: &Answer) -> Result<(), BoxError> {
    let status: StatusCode = answer.parts.status;
    if !status.is_success() {
        return Err(format!("the proxy refused with status {status}").into());
    }
    // A client of HTTP or TLS speaks first.
    if answer.rest.is_empty() { Ok(()) } else { Err("the proxy said too much".into()) }
}
