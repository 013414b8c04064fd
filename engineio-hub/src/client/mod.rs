//! The shared half of every client: one session behind its lock, the requests to start, cookies,
//! and the application's handles.
//!
//! A binding takes [`ClientOptions`], and passes each plan that [`follow`] makes of them to
//! [`connect`].
//! This returns the two ends of a client: [`Connecting`], which becomes a [`Client`], and the
//! [`Driver`], for the task or thread that does the I/O:
//!
//! 1. [`Driver::poll_start`] gives the requests to start, some of them for a WebSocket.
//! 2. Report each outcome to [`Driver::answered`], [`Driver::switched`] or [`Driver::failed`].
//!    Carry a [`Framed`](crate::Framed) as on a server.
//! 3. Drop each request that [`Driver::is_given_up`].
//! 4. Poll again at [`Driver::timeout`].
//!
//! A [`ReconnectingClient`] connects again and again, by way of a binding's [`Dial`].

mod certificates;
#[expect(clippy::module_inception, reason = "it holds `Client`")]
mod client;
mod driver;
mod error;
mod follow;
mod jar;
mod options;
mod place;
mod proxy;
mod reconnecting;
mod redirect;
mod request;
mod retry_after;
mod sender;
mod session;
#[cfg(feature = "tls")]
mod tls;

pub use client::{Client, ClientEvent, Connecting};
pub use driver::{Driver, Start, connect};
pub use error::ConnectError;
pub use follow::follow;
pub use options::{ADDRESS_PATIENCE, ClientOptions, Plan};
pub use proxy::{InvalidProxy, Proxy};
pub use reconnecting::{
    Attempt, Dial, Dialing, GaveUp, ReconnectingClient, ReconnectingEvent, ReconnectingSender,
    Sleeping,
};
pub use redirect::Redirects;
pub use request::{InvalidUrl, Remote};
pub use sender::ClientSender;
