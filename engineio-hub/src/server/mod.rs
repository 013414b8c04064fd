//! A server's half: its sessions, where requests come in, and the application's handles.

mod body;
pub(crate) mod deadlines;
mod events;
mod handle;
pub(crate) mod hub;
mod incoming;
pub(crate) mod map;
mod pending;
mod reception;
mod seat;
mod session;
mod sessions;
mod socket;
mod wire;

pub use body::RequestBody;
pub use events::{Events, ServerEvent};
pub use handle::ServerHandle;
pub use hub::Hub;
pub use incoming::{Incoming, RemoteAddr};
pub use seat::{Answer, Seat};
pub use session::Overflow;
pub use sessions::Sessions;
pub use socket::{Sender, Socket};
