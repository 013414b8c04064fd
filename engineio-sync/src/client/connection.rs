//! A connection to the server, with TLS or without.

use std::io;
use std::task::Poll;

use mio::Token;
use mio::event::Event;

#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::stream::{Stream, Tcp};

/// A connection, and the name that its events have.
pub(super) struct Connection {
    token: Token,
    layer: Layer,
}

enum Layer {
    Plain(Tcp),
    #[cfg(feature = "tls")]
    Tls(Box<Tls>),
}

impl Connection {
    pub(super) const fn plain(token: Token, tcp: Tcp) -> Self {
        Self { token, layer: Layer::Plain(tcp) }
    }

    #[cfg(feature = "tls")]
    pub(super) fn tls(token: Token, tls: Tls) -> Self {
        Self { token, layer: Layer::Tls(Box::new(tls)) }
    }

    /// Takes note of an event, if it is of this connection.
    pub(super) fn ready(&mut self, event: &Event) {
        if event.token() == self.token {
            match &mut self.layer {
                Layer::Plain(tcp) => tcp.ready(event),
                #[cfg(feature = "tls")]
                Layer::Tls(tls) => tls.tcp.ready(event),
            }
        }
    }

    /// Writes what a layer of it still holds. Call it in every turn: nobody else does when there
    /// is nothing new to write. A failure shows at the next write or read.
    pub(super) fn flush(&mut self) {
        match &mut self.layer {
            Layer::Plain(_) => {}
            #[cfg(feature = "tls")]
            Layer::Tls(tls) => {
                let _ = tls.poll_flush();
            }
        }
    }

    /// Whether nothing came: a connection that had its answer and says more, be it the end, is of
    /// no use.
    pub(super) fn is_quiet(&mut self) -> bool {
        self.poll_read(&mut [0]).is_pending()
    }
}

impl Stream for Connection {
    fn poll_read(&mut self, into: &mut [u8]) -> Poll<io::Result<usize>> {
        match &mut self.layer {
            Layer::Plain(tcp) => tcp.poll_read(into),
            #[cfg(feature = "tls")]
            Layer::Tls(tls) => tls.poll_read(into),
        }
    }

    fn poll_write(&mut self, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.layer {
            Layer::Plain(tcp) => tcp.poll_write(bytes),
            #[cfg(feature = "tls")]
            Layer::Tls(tls) => tls.poll_write(bytes),
        }
    }

    fn poll_shutdown(&mut self) -> Poll<io::Result<()>> {
        match &mut self.layer {
            Layer::Plain(tcp) => tcp.poll_shutdown(),
            #[cfg(feature = "tls")]
            Layer::Tls(tls) => tls.poll_shutdown(),
        }
    }
}

/// TLS says that this is the end, if that can leave at once.
impl Drop for Connection {
    fn drop(&mut self) {
        #[cfg(feature = "tls")]
        if let Layer::Tls(tls) = &mut self.layer {
            let _ = tls.poll_shutdown();
        }
    }
}
