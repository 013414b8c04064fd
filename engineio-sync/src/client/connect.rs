//! Connecting to a server.

use std::thread;

use engineio_hub::client::{self, ClientOptions, ConnectError, Plan, follow};
use engineio_proto::ClientCloseReason;

use super::connector::Connector;
use super::error::LastError;
use super::handle::Client;
use super::task::Task;
use crate::block::block_on;
use crate::clock::StdClock;

/// Connects to a server. Returns when the session is open; an upgrade to a WebSocket goes on by
/// itself.
///
/// A URL is enough for all defaults; [`ClientOptions`] have everything else. Each transport
/// gets [`connect_timeout`](crate::ClientConfig::connect_timeout); looking up the server's name takes
/// as long as the system takes.
///
/// A thread of its own, `engineio-client`, does the I/O. It also looks up the server's name before
/// the first connection, and does nothing else meanwhile.
///
/// # Errors
///
/// See [`ConnectError`].
///
/// # Examples
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut client = engineio_sync::connect("http://127.0.0.1:3000")?;
/// client.send("hello")?;
/// while let Some(message) = client.recv() {
///     println!("{message:?}");
/// }
/// println!("{}", client.closed());
/// # Ok(())
/// # }
/// ```
pub fn connect(options: impl Into<ClientOptions>) -> Result<Client, ConnectError> {
    block_on(follow(options.into(), attempt)).map(Client::new)
}

pub(super) async fn attempt(plan: Plan) -> Result<client::Client, ConnectError> {
    let connector = Connector::new(&plan)?;
    let Plan { remote, config, .. } = plan;
    let last_error = LastError::default();
    let clock = StdClock::start();
    let (connecting, driver) = client::connect(config, remote, clock);
    let unreachable = |error| ConnectError::closed(ClientCloseReason::Unreachable, Some(error));
    let task = Task::new(driver, connector, clock, last_error.clone())
        .map_err(|error| unreachable(error.into()))?;
    thread::Builder::new()
        .name("engineio-client".to_owned())
        .spawn(|| task.run())
        .map_err(|error| unreachable(error.into()))?;
    connecting.await.map_err(|reason| ConnectError::closed(reason, last_error.take()))
}
