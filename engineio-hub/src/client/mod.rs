//! The shared half of every client: one session behind its lock, what to start for it, cookies,
//! and the application's handles.
//!
//! [`connect`] gives the two ends of it. The [`Driver`] is for the one task or thread that does
//! the I/O:
//!
//! 1. [`Driver::poll_start`] says what to start: requests, and requests for a WebSocket.
//! 2. What came of it goes to [`Driver::answered`], [`Driver::switched`] or [`Driver::failed`].
//!    A [`Framed`](crate::Framed) is carried as on a server.
//! 3. What [`Driver::is_given_up`] is dropped.
//! 4. At [`Driver::timeout`] it polls again.
//!
//! The [`Client`] is for the application. A binding wraps it for the sake of `connect`, and its
//! builder keeps [`Settings`]; [`client_handle!`](crate::client_handle) and
//! [`client_settings!`](crate::client_settings) write what is the same for both everywhere.

mod common;
mod driver;
mod error;
mod handles;
mod jar;
mod link;
mod proxy;
mod request;
mod settings;
#[cfg(feature = "tls")]
mod tls;

// For what `client_handle!` writes.
#[doc(hidden)]
pub use futures_core::Stream;
#[doc(hidden)]
pub use futures_sink::Sink;

pub use driver::{Driver, Start};
pub use error::ConnectError;
pub use handles::{Client, ClientSender};
pub use link::connect;
pub use proxy::{InvalidProxy, Proxy};
pub use request::{InvalidUrl, Remote};
pub use settings::{ADDRESS_PATIENCE, Plan, Settings};
#[cfg(feature = "tls")]
pub use tls::Tls;
