//! A server, and the handles of the application.

mod builder;
mod close;
mod driver;
mod events;
mod handler;
mod incoming;
mod sender;
#[expect(clippy::module_inception, reason = "it holds `Server`")]
mod server;
mod shared;
mod socket;

pub use builder::ServerBuilder;
pub use driver::Driver;
pub use events::{Events, ServerEvent};
pub use handler::Handler;
pub use incoming::Incoming;
pub use sender::Sender;
pub use server::Server;
pub use socket::Socket;
