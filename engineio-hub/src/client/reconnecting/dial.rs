//! What a reconnecting client needs of its binding.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use engineio_proto::Instant;

use crate::client::client::Client;
use crate::client::error::ConnectError;
use crate::client::options::ClientOptions;

/// An attempt under way. Dropping it gives it up.
pub type Dialing = Pin<Box<dyn Future<Output = Result<Client, ConnectError>> + Send>>;

/// A timer.
pub type Sleeping = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a reconnecting client needs of its binding: to connect, and to wait.
pub trait Dial: Send + 'static {
    /// Begins to connect.
    fn dial(&self, options: ClientOptions) -> Dialing;

    /// A timer that is ready after this time. A binding that waits no longer than
    /// [`ReconnectingClient::time_left`](super::ReconnectingClient::time_left) may return one that
    /// is never ready.
    fn sleep(&self, time: Duration) -> Sleeping;

    /// The time on the clock of these timers.
    fn now(&self) -> Instant;

    /// A random number, which decides about the length of a delay.
    fn random(&self) -> u64 {
        // Without randomness the longest delay does the least harm.
        getrandom::u64().unwrap_or(u64::MAX)
    }
}
