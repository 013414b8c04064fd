//! The settings of a client.

use std::sync::{Arc, Mutex, PoisonError};

use engineio_hub::client::{InvalidUrl, Remote, connect};
use engineio_proto::Transport;
use engineio_proto::client::{CloseReason, Config, ConfigBuilder, RevisionChoice};
use http::{HeaderName, HeaderValue};

use super::Client;
use super::connector::connector;
use super::error::ConnectError;
use super::task::Task;
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::clock::TokioClock;

/// A client about to connect.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `connect`"]
pub struct ClientBuilder {
    remote: Result<Remote, InvalidUrl>,
    config: ConfigBuilder,
    headers: Vec<(String, String)>,
    proxy: Option<String>,
    #[cfg(feature = "tls")]
    tls: Tls,
}

impl ClientBuilder {
    pub(super) fn new(url: &str) -> Self {
        let remote = Remote::new(url);
        let config = remote.as_ref().map_or_else(|_| Config::builder(), Remote::settings);
        Self {
            remote,
            config,
            headers: Vec::new(),
            proxy: None,
            #[cfg(feature = "tls")]
            tls: Tls::default(),
        }
    }

    /// Changes the settings of the session: time-outs, limits, everything that
    /// [`ClientConfigBuilder`](crate::ClientConfigBuilder) has.
    pub fn config(mut self, change: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Self {
        self.config = change(self.config);
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
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Goes through this HTTP proxy, by `CONNECT`: `http://user:password@proxy:8080`.
    pub fn proxy(mut self, url: &str) -> Self {
        self.proxy = Some(url.to_owned());
        self
    }

    /// Trusts these certificates, too: one or more in PEM.
    #[cfg(feature = "tls")]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.roots.push(pem.into());
        self
    }

    /// Shows the server this certificate: its chain and its key, both in PEM.
    #[cfg(feature = "tls")]
    pub fn client_certificate(
        mut self,
        chain: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Self {
        self.tls.own = Some((chain.into(), key.into()));
        self
    }

    /// Accepts whatever certificate the server shows: anyone on the way can pretend to be it.
    /// For tests.
    #[cfg(feature = "tls")]
    pub const fn danger_accept_any_certificate(mut self) -> Self {
        self.tls.accepts_any = true;
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
        let mut remote = self.remote?;
        for (name, value) in &self.headers {
            match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                (Ok(name), Ok(value)) => remote.header(name, value),
                _ => return Err(ConnectError::Header(name.clone())),
            }
        }
        let config = self.config.build()?;
        #[cfg(feature = "tls")]
        let http = connector(self.proxy.as_deref(), remote.is_secure().then_some(&self.tls))?;
        #[cfg(not(feature = "tls"))]
        let http = connector(self.proxy.as_deref())?;
        let setback = Arc::new(Mutex::new(None));
        let clock = TokioClock::start();
        let (mut session, driver) = connect(config, remote, clock);
        tokio::spawn(Task::new(driver, http, clock, Arc::clone(&setback)));
        match session.opened().await {
            Ok(_) => Ok(Client(session)),
            Err(reason) => {
                let source = setback.lock().unwrap_or_else(PoisonError::into_inner).take();
                // Nothing of the machine's explains what the server itself said.
                let source = source.filter(|_| !matches!(reason, CloseReason::Refused(_)));
                Err(ConnectError::Closed { reason, source })
            }
        }
    }
}
