//! The settings of a client.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use engineio_hub::client::{ConnectError, Plan, Settings, connect};
use engineio_proto::ClientCloseReason;

use super::Client;
use super::task::Task;
use super::way::Way;
use crate::block::block_on;
use crate::clock::StdClock;

/// A client about to connect.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `connect`"]
pub struct ClientBuilder(Settings);

impl ClientBuilder {
    pub(super) fn new(url: &str) -> Self {
        Self(Settings::new(url))
    }

    engineio_hub::client_settings!();

    /// Connects. Returns when the session is open; an upgrade to a WebSocket goes on by itself.
    ///
    /// It takes as long as [`connect_timeout`](crate::ClientConfig::connect_timeout) for each
    /// transport at most, and as long as the machine takes to look up the server's name.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub fn connect(self) -> Result<Client, ConnectError> {
        let plan = self.0.plan()?;
        let way = Way::new(&plan)?;
        let Plan { remote, config, .. } = plan;
        let setback = Arc::new(Mutex::new(None));
        let clock = StdClock::start();
        let (mut session, driver) = connect(config, remote, clock);
        let unreachable = |error| ConnectError::closed(ClientCloseReason::Unreachable, Some(error));
        let task = Task::new(driver, way, clock, Arc::clone(&setback))
            .map_err(|error| unreachable(error.into()))?;
        thread::Builder::new()
            .name("engineio-client".to_owned())
            .spawn(|| task.run())
            .map_err(|error| unreachable(error.into()))?;
        match block_on(session.opened()) {
            Ok(_) => Ok(Client::new(session)),
            Err(reason) => {
                let source = setback.lock().unwrap_or_else(PoisonError::into_inner).take();
                Err(ConnectError::closed(reason, source))
            }
        }
    }
}
