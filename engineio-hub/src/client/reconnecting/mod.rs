//! A client that connects again when its session is lost.
//!
//! [`Retries`](engineio_proto::client::Retries) decides when; a binding [dials](Dial). The client
//! has no task of its own: it goes on while the application waits for its next event.

mod attempt;
#[expect(clippy::module_inception, reason = "it holds `ReconnectingClient`")]
mod reconnecting;

mod dial;
mod event;
mod link;
mod sender;

pub use attempt::Attempt;
pub use dial::{Dial, Dialing, Sleeping};
pub use event::{GaveUp, ReconnectingEvent};
pub use reconnecting::ReconnectingClient;
pub use sender::ReconnectingSender;
