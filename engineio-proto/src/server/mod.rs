//! The server's half of the protocol.

mod exchange;
mod framed;
mod io;
mod polling;
mod probing;
mod query;
mod refusal;
mod route;
mod session;
mod timers;
mod transport;

pub use exchange::{Exchange, Kind, Opening};
pub use io::{ConnId, Event, Failure, Input, Transmit};
pub use refusal::{Cause, Refusal};
pub use route::{Route, route};
pub use session::Session;
