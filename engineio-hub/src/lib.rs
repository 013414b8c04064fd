//! The shared half of every Engine.IO binding.
#![forbid(unsafe_code)]

mod cell;
mod clock;
mod compression;
mod deadlines;
mod events;
mod framed;
mod futures;
mod hub;
mod incoming;
mod linger;
mod observer;
mod reception;
mod seat;
mod sessions;
mod socket;
#[cfg(feature = "tracing")]
mod tracing_observer;
mod waiters;
pub mod websocket;
mod wire;

pub use cell::Overflow;
pub use clock::Clock;
pub use compression::compress;
pub use events::{Events, ServerEvent};
pub use framed::{Framed, Write};
pub use futures::{Closed, Flush, Recv, Sending};
pub use hub::Hub;
pub use incoming::{Incoming, RemoteAddr};
pub use observer::Observer;
pub use seat::{Answer, Seat};
pub use socket::{Sender, Socket};
#[cfg(feature = "tracing")]
pub use tracing_observer::TracingObserver;
