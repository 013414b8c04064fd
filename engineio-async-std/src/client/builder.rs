//! The settings of a client.

use engineio_hub::client::{ConnectError, Plan, Settings, connect};
use engineio_hyper::client::{Setback, Task};

use super::Client;
use super::dial::Dial;
use super::requests::Http;
use crate::rt::{clock, spawn, timer};

/// A client about to connect.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `connect`"]
pub struct ClientBuilder(Settings);

impl ClientBuilder {
    pub(super) fn new(url: &str) -> Self {
        Self(Settings::new(url))
    }

    engineio_hub::client_settings!();

    /// Connects. Ready when the session is open; an upgrade to a WebSocket goes on by itself.
    ///
    /// Dropping the future gives the attempt up.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`].
    pub async fn connect(self) -> Result<Client, ConnectError> {
        let plan = self.0.plan()?;
        let http = Http::new(Dial::new(&plan)?);
        let Plan { remote, config, .. } = plan;
        let setback = Setback::default();
        let (mut session, driver) = connect(config, remote, clock());
        spawn(Task::new(driver, http, timer(), setback.clone()));
        match session.opened().await {
            Ok(_) => Ok(Client(session)),
            Err(reason) => Err(ConnectError::closed(reason, setback.take())),
        }
    }
}
