//! A server, and the handles of the application.

mod builder;
mod events;
mod handle;
mod incoming;
mod socket;
mod waiting;

pub use builder::ServerBuilder;
pub use events::Events;
pub use handle::Server;
pub use incoming::Incoming;
pub use socket::{Sender, Socket};
