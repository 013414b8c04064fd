//! The settings of a client.

use engineio_hub::client::{ConnectError, Plan, Settings, connect};
use engineio_hyper::client::{Setback, Task};
use engineio_proto::Transport;
use engineio_proto::client::{ConfigBuilder, RevisionChoice};

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

    /// Changes the settings of the session: time-outs, limits, everything that
    /// [`ClientConfigBuilder`](crate::ClientConfigBuilder) has.
    pub fn config(mut self, change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        self.0.config = change(self.0.config);
        self
    }

    /// The path that the server serves, in the place of the URL's. Default `/engine.io/`.
    pub fn path(self, path: &str) -> Self {
        self.config(|config| config.path(path.into()))
    }

    /// Adds a parameter to the query of every request.
    pub fn query(self, name: &str, value: &str) -> Self {
        self.config(|config| config.query_pair(name, value))
    }

    /// The transports to use, the one to begin with first. Default polling, then WebSocket.
    pub fn transports(self, transports: impl Into<Vec<Transport>>) -> Self {
        self.config(|config| config.transports(transports.into()))
    }

    /// Which revision of the protocol to speak. Default 4.
    pub fn revision(self, revision: RevisionChoice) -> Self {
        self.config(|config| config.revision(revision))
    }

    /// Adds a header to every request, also to those for a WebSocket.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.0.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Goes through this HTTP proxy, by `CONNECT`: `http://user:password@proxy:8080`.
    pub fn proxy(mut self, url: &str) -> Self {
        self.0.proxy = Some(url.to_owned());
        self
    }

    /// Trusts these certificates, too: one or more in PEM.
    #[cfg(feature = "tls")]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.0.tls.roots.push(pem.into());
        self
    }

    /// Shows the server this certificate: its chain and its key, both in PEM.
    #[cfg(feature = "tls")]
    pub fn client_certificate(
        mut self,
        chain: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Self {
        self.0.tls.own = Some((chain.into(), key.into()));
        self
    }

    /// Accepts whatever certificate the server shows: anyone on the way can pretend to be it.
    /// For tests.
    #[cfg(feature = "tls")]
    pub const fn danger_accept_any_certificate(mut self) -> Self {
        self.0.tls.accepts_any = true;
        self
    }

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
