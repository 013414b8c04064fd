//! A connection to the server, with TLS or without.

use std::io::{self, IoSlice};
use std::task::Poll;

use mio::Token;
use mio::event::Event;

#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::stream::{Stream, Tcp};

/// A connection, and the token of its events.
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

    /// Notes an event, if it is one of this connection.
    pub(super) fn ready(&mut self, event: &Event) {
        if event.token() == self.token {
            match &mut self.layer {
                Layer::Plain(tcp) => tcp.ready(event),
                #[cfg(feature = "tls")]
                Layer::Tls(tls) => tls.tcp.ready(event),
            }
        }
    }

    /// Writes what TLS still holds. Call it in every turn, since there may be nothing else to
    /// write. A failure shows at the next write or read.
    pub(super) fn flush(&mut self) {
        match &mut self.layer {
            Layer::Plain(_) => {}
            #[cfg(feature = "tls")]
            Layer::Tls(tls) => {
                let _ = tls.poll_flush();
            }
        }
    }

    /// Whether nothing has come. An idle connection can't be reused once anything comes, including
    /// its end.
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

    fn poll_write_vectored(&mut self, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match &mut self.layer {
            Layer::Plain(tcp) => tcp.poll_write_vectored(parts),
            #[cfg(feature = "tls")]
            Layer::Tls(tls) => tls.poll_write_vectored(parts),
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

/// TLS tells the peer that this is the end, if that can be written at once.
impl Drop for Connection {
    fn drop(&mut self) {
        #[cfg(feature = "tls")]
        if let Layer::Tls(tls) = &mut self.layer {
            let _ = tls.poll_shutdown();
        }
    }
}
