//! A client: one session with a server, and the task that carries it.

mod connector;
mod reconnecting;
mod requests;

use engineio_hub::client::{Client, ClientOptions, ConnectError, Plan, follow};
use engineio_hyper::client::{LastError, Task};

use crate::rt::{clock, spawn, timer, yield_turn};
use connector::Connector;
use requests::Http;

pub use reconnecting::{reconnecting, reconnecting_with};

/// Connects to a server. Ready when the session is open; an upgrade to a WebSocket goes on by
/// itself.
///
/// A URL is enough for all defaults; [`ClientOptions`] have everything else. Dropping the future
/// gives up the attempt. It runs one task, and one for each of its connections.
///
/// # Errors
///
/// See [`ConnectError`].
///
/// # Examples
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut client = engineio_async_std::connect("http://127.0.0.1:3000").await?;
/// client.send("hello").await?;
/// while let Some(message) = client.recv().await {
///     println!("{message:?}");
/// }
/// println!("{}", client.closed().await);
/// # Ok(())
/// # }
/// ```
pub async fn connect(options: impl Into<ClientOptions>) -> Result<Client, ConnectError> {
    follow(options.into(), attempt).await
}

async fn attempt(plan: Plan) -> Result<Client, ConnectError> {
    let http = Http::new(Connector::new(&plan)?);
    let Plan { remote, config, .. } = plan;
    let last_error = LastError::default();
    let (connecting, driver) = engineio_hub::client::connect(config, remote, clock());
    spawn(Task::new(driver, http, timer(), yield_turn, last_error.clone()));
    connecting.await.map_err(|reason| ConnectError::closed(reason, last_error.take()))
}
