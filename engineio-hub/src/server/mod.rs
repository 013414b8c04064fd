//! The server's half: sessions, requests, and the application's handles.
//!
//! ```text
//!    Hub, and the ways to consume it       hub, requests, consume
//!      Seat        Events   Incoming       one request; the application
//!        \           |         |
//!         \     Admission     |           from a handshake to a session
//!          \        |        /
//!           Running: Reception, Handler    the server while something uses it
//!                    |
//!        ServerSession, Sender             one session behind its lock
//!                    |
//!       Core: map, deadlines, ready        what all of them share
//! ```

mod admission;
mod audience;
mod body;
mod consume;
mod core;
mod deadlines;
mod elsewhere;
mod entrance;
mod events;
mod farewell;
mod groups;
mod handler;
mod handshake;
mod hub;
mod incoming;
mod login;
mod many;
mod map;
mod openings;
mod passing;
mod pending;
mod progress;
mod ready;
mod reception;
mod relief;
mod requests;
mod running;
#[cfg(feature = "metrics")]
mod sampler;
#[cfg(feature = "metrics")]
mod sampling;
mod seat;
mod sender;
mod session;
mod sessions;
mod shard;
mod socket;
mod stake;
mod unheard;
mod upgradability;
mod websocket;

pub use elsewhere::Forward;
pub use events::{Events, ServerEvent};
pub use groups::Group;
pub use handler::Handler;
pub(crate) use handshake::remote_ip;
pub use handshake::{Connection, Handshake, RemoteAddr};
pub use hub::{Hub, WeakHub};
pub use incoming::Incoming;
#[cfg(feature = "http1")]
pub(crate) use seat::Plain;
pub use seat::{Answer, Seat};
pub use sender::Sender;
pub use session::Overflow;
pub use sessions::Sessions;
pub use socket::Socket;
