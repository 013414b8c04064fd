//! Connecting: address by address, and through a proxy if there is one.

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

use super::connection::Connection;
use super::connector::Connector;
use super::error::BoxError;
use super::exchange::{Answer, ClientExchange};
use crate::stream::Tcp;

/// An attempt to connect.
pub(super) struct Dial {
    token: Token,
    /// Addresses that weren't tried yet.
    left: vec::IntoIter<SocketAddr>,
    stage: Stage,
}

enum Stage {
    /// No address is being tried. The error is that of the last one.
    Next(Option<BoxError>),
    /// An address is being tried, until then. The last one has only the session's own limit.
    Connecting(SocketAddr, Tcp, Option<Instant>),
    /// The proxy is asked for a tunnel.
    Asking(Tcp, Box<ClientExchange>),
}

/// Why an address can't be reached.
#[derive(Debug, thiserror::Error)]
#[error("can't connect to {address}")]
struct Unreachable {
    address: SocketAddr,
    source: io::Error,
}

impl Dial {
    /// Begins to connect. The first call waits for the lookup of the name.
    pub(super) fn begin(token: Token, connector: &mut Connector) -> Result<Self, BoxError> {
        let left = connector.addresses()?.into_iter();
        Ok(Self { token, left, stage: Stage::Next(None) })
    }

    /// Notes an event, if it is one of this connection.
    pub(super) fn ready(&mut self, event: &Event) {
        if event.token() == self.token {
            match &mut self.stage {
                Stage::Next(_) => {}
                Stage::Connecting(_, tcp, _) | Stage::Asking(tcp, _) => tcp.ready(event),
            }
        }
    }

    /// When to poll again, at the latest.
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
                        // Otherwise small packets wait until those before them are acknowledged.
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
                    let Poll::Ready(answer) = exchange.poll(&mut tcp, scratch) else {
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

/// Whether the connection is made. The steps are those in mio's docs of `TcpStream::connect`.
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

/// Checks the answer of a proxy.
fn check(answer: &Answer) -> Result<(), BoxError> {
    let status: StatusCode = answer.parts.status;
    if !status.is_success() {
        return Err(format!("the proxy refused with status {status}").into());
    }
    // In HTTP and TLS the client speaks first.
    if answer.rest.is_empty() {
        Ok(())
    } else {
        Err("the proxy sent data behind its answer".into())
    }
}
