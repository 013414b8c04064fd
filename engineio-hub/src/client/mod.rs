//! The shared half of every client: one session behind its lock, what to start for it, cookies,
//! and the application's handles.
//!
//! A binding connects by [`ClientOptions`], whose [`plan`](ClientOptions::plan) is what
//! [`connect`] needs. It gives the two ends of a client: [`Connecting`], which becomes a
//! [`Client`], and the [`Driver`], for the one task or thread that does the I/O:
//!
//! 1. [`Driver::poll_start`] says what to start: requests, and requests for a WebSocket.
//! 2. What came of it goes to [`Driver::answered`], [`Driver::switched`] or [`Driver::failed`].
//!    A [`Framed`](crate::Framed) is carried as on a server.
//! 3. What [`Driver::is_given_up`] is dropped.
//! 4. At [`Driver::timeout`] it polls again.

#[expect(clippy::module_inception, reason = "it holds `Client`")]
mod client;
mod driver;
mod error;
mod jar;
mod options;
mod proxy;
mod request;
mod sender;
mod session;
#[cfg(feature = "tls")]
mod tls;

pub use client::{Client, ClientEvent, Connecting};
pub use driver::{Driver, Start, connect};
pub use error::ConnectError;
pub use options::{ADDRESS_PATIENCE, ClientOptions, Plan};
pub use proxy::{InvalidProxy, Proxy};
pub use request::{InvalidUrl, Remote};
pub use sender::ClientSender;
