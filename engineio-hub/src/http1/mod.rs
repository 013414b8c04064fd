//! HTTP/1.1 as a server, over bytes in memory: for a binding's own listener.
//!
//! A [`ServerConnection`] is one connection, from its first byte to its last. It costs no memory
//! for reading and writing while it waits, which is what most connections of clients that poll do
//! most of the time.
//!
//! A request that two servers could read differently is refused (RFC 9112, sections 6.3 and 11.2):
//! a proxy in front may have read it the other way.
//!
//! What a binding does with one, here with bytes in memory for a stream:
//!
//! ```
//! use std::io::Read;
//! use std::sync::Arc;
//! use std::task::{Context, Poll, Waker};
//! use std::time::Duration;
//!
//! use engineio_hub::http1::{ServerConnection, Settings};
//! use engineio_hub::{Hub, Wire, Write};
//! use engineio_proto::{Instant, ServerConfig};
//!
//! // A clock that stands still is enough for an example.
//! let hub: Hub = Hub::new(ServerConfig::default(), || Instant::ZERO, Box::new(()));
//! let settings = Arc::new(Settings::new(Duration::from_secs(45)));
//! let mut connection = ServerConnection::new(&hub, &settings, None);
//!
//! let cx = &mut Context::from_waker(Waker::noop());
//! let mut request = &b"GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n"[..];
//! let mut answer = Vec::new();
//! loop {
//!     while let Poll::Ready(Write::Bytes(parts)) = connection.poll_write(cx) {
//!         let bytes = parts.concat();
//!         connection.written(bytes.len());
//!         answer.extend(bytes);
//!     }
//!     let read = |_: &mut Context<'_>, buffer: &mut [u8]| match request {
//!         [] => Poll::Pending,
//!         _ => Poll::Ready(request.read(buffer)),
//!     };
//!     if connection.poll_receive(cx, &mut [0; 4096], read).is_pending() {
//!         break; // until the stream is ready, the waker is woken, or this deadline has come
//!     }
//! }
//! assert!(answer.starts_with(b"HTTP/1.1 404 Not Found\r\n"));
//! assert_eq!(connection.deadline(), Some(Instant::ZERO + Duration::from_secs(45)));
//! ```
//!
//! A real one looks at [`poll_abort`](crate::Wire::poll_abort) and
//! [`is_turn_over`](crate::Wire::is_turn_over) as well, and at [`Write`](crate::Write)'s other two.

mod body;
mod connection;
mod fallback;
mod head;
mod output;
mod request;
mod response;

use std::time::Duration;

use engineio_proto::server::ConnectionFault;

use crate::listener::HEAD_TIMEOUT;

use body::Body;
pub use connection::ServerConnection;
pub use fallback::Fallback;
use head::HeadReader;
pub(crate) use head::{LazyParts, ReadHead};

/// What fuzzing needs. It may change at any time.
#[doc(hidden)]
pub mod internal {
    pub use super::Fault;
    pub use super::body::{Body, Chunks};
    pub use super::head::{HeadReader, LazyParts, ReadHead};
}

/// The settings of all connections of a server.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a binding must choose each of them")]
pub struct Settings {
    /// How long the head of a request may take, from its first byte or from the beginning of its
    /// connection.
    pub head_timeout: Duration,
    /// How long a connection may be idle between requests.
    pub idle_timeout: Duration,
    /// What answers requests for other paths. `None`: 404, with where the server is.
    pub fallback: Option<Fallback>,
    /// Whether a connection that begins as one of HTTP/2 is
    /// [given back](ServerConnection::take_http2). Otherwise it is turned away.
    pub http2: bool,
}

impl Settings {
    /// The usual ones, with this time for idle connections, and without HTTP/2.
    pub const fn new(idle_timeout: Duration) -> Self {
        Self { head_timeout: HEAD_TIMEOUT, idle_timeout, fallback: None, http2: false }
    }
}

/// Why neither a request nor anything behind it on its connection can be served.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "these are the two ways")]
pub enum Fault {
    /// It isn't HTTP/1.1, or is ambiguous.
    Malformed,
    /// Its head is too long, or has too many headers.
    HeadTooLarge,
}

impl From<Fault> for ConnectionFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Malformed => Self::MalformedHead,
            Fault::HeadTooLarge => Self::HeadTooLarge,
        }
    }
}
