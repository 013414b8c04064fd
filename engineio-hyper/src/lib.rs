//! The shared half of the Engine.IO bindings built on hyper.
//!
//! What is here is the same for each of them, whatever executor it is for: it waits by
//! `core::task` and by hyper's own traits, [`hyper::rt::Timer`], [`hyper::rt::Read`] and
//! [`hyper::rt::Write`]. An application has no use for it; take `engineio-tokio` or
//! `engineio-async-std`.
//!
//! - [`RequestTask`]: one request, from its head to its answer;
//! - [`carry`], [`Carrier`]: a WebSocket over a stream;
//! - [`Watched`]: a stream whose peer has to get on;
//! - [`drive`], [`close`]: let time pass for a server, and end it in time;
//! - [`ResponseBody`]: bodies of answers;
//! - `client` (feature): the one task of a client.
#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

mod body;
#[cfg(feature = "client")]
pub mod client;
mod close;
mod drive;
mod request;
mod span;
mod watched;
mod websocket;

use std::sync::Arc;

pub use body::ResponseBody;
pub use close::close;
pub use drive::drive;
pub use request::{Answered, BoxError, RequestTask};
pub use watched::Watched;
pub use websocket::{Carrier, Switching, carry};

/// An executor's timers.
pub type Timer = Arc<dyn hyper::rt::Timer + Send + Sync>;
