//! The shared half of the Engine.IO bindings built on hyper.
//!
//! It works with any executor: it waits through `core::task` and hyper's own traits,
//! [`hyper::rt::Timer`], [`hyper::rt::Read`] and [`hyper::rt::Write`]. Applications don't need it:
//! use `engineio-tokio` or `engineio-async-std`.
//!
//! - [`RequestTask`]: one request, from its head to its answer;
//! - [`carry`], [`Carrier`]: a WebSocket over a stream;
//! - [`ConnectionTask`]: a connection of a listener that needs none of hyper's HTTP;
//! - [`WholeConnection`]: that, and the WebSocket that it becomes, as one task;
//! - [`Watched`]: a stream with timeouts for a stalled peer;
//! - [`LazyTimer`]: the timeouts of heads;
//! - [`drive`], [`close`], [`drain`]: run a server's deadlines, and close it within a time limit;
//! - [`Serving`]: a listener that is bound;
//! - [`head_fault`]: what hyper turned away by itself;
//! - [`ResponseBody`]: response bodies;
//! - [`Forwarder`]: requests for sessions of other nodes;
//! - `client` (feature): the task of a client.
#![cfg_attr(docsrs, feature(doc_cfg))] // says which feature an item needs
#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

mod body;
#[cfg(feature = "client")]
pub mod client;
mod close;
mod connection;
mod drive;
mod forward;
mod head_fault;
#[cfg(feature = "cluster")]
mod keepalive;
mod lazy_timer;
mod leaving;
#[cfg(feature = "cluster")]
mod pooled;
mod request;
mod serving;
mod span;
mod tunnel;
mod turns;
mod watched;
mod websocket;
mod whole_connection;

pub use body::{BodyError, ResponseBody, ServerBody};
pub use close::{close, drain};
pub use connection::{ConnectionTask, Ended, Http2Start};
pub use drive::drive;
pub use forward::{CONNECT_TIMEOUT, ForwardedBody, Forwarder, Sending, Undelivered};
pub use head_fault::head_fault;
#[cfg(feature = "cluster")]
pub use keepalive::{KEEPALIVE_INTERVAL, KEEPALIVE_RETRIES, KEEPALIVE_TIME, USER_TIMEOUT};
pub use lazy_timer::LazyTimer;
#[cfg(feature = "cluster")]
pub use pooled::{Task as PoolTask, pooled};
pub use request::{Answered, BoxError, RequestTask};
pub use serving::Serving;
pub use turns::{Others, Yield};
pub use watched::Watched;
pub use websocket::{Carrier, Switching, WebSocketTask, carry, carry_switched};
pub use whole_connection::WholeConnection;

/// An executor's timers.
pub type Timer = &'static (dyn hyper::rt::Timer + Send + Sync);

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
