//! What an application says about a client, before there is one.

use std::time::Duration;

use engineio_proto::{ClientConfig, ClientConfigBuilder};
use http::{HeaderName, HeaderValue};

use super::error::ConnectError;
use super::proxy::Proxy;
use super::request::{InvalidUrl, Remote};
#[cfg(feature = "tls")]
use super::tls::Tls;

/// How long one of several addresses of a server is tried, before the next one is.
pub const ADDRESS_PATIENCE: Duration = Duration::from_secs(2);

/// What a binding's builder gathers, unchecked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    remote: Result<Remote, InvalidUrl>,
    /// Those of the session.
    pub config: ClientConfigBuilder,
    /// Names and values for every request.
    pub headers: Vec<(String, String)>,
    /// The URL of a proxy.
    pub proxy: Option<String>,
    /// Whom to trust, and who to be.
    #[cfg(feature = "tls")]
    pub tls: Tls,
}

/// Settings that make sense.
#[derive(Debug)]
#[non_exhaustive]
pub struct Plan {
    /// Where to go, with what headers.
    pub remote: Remote,
    /// The settings of the session.
    pub config: ClientConfig,
    /// What to go through.
    pub proxy: Option<Proxy>,
    /// For `https` and `wss` only.
    #[cfg(feature = "tls")]
    pub tls: Option<rustls::ClientConfig>,
}

impl Settings {
    /// All defaults for the server of this URL. If it isn't one, [`plan`](Self::plan) says so.
    pub fn new(url: &str) -> Self {
        let remote = Remote::new(url);
        let config = remote.as_ref().map_or_else(|_| ClientConfig::builder(), Remote::settings);
        Self {
            remote,
            config,
            headers: Vec::new(),
            proxy: None,
            #[cfg(feature = "tls")]
            tls: Tls::default(),
        }
    }

    /// Checks all of it.
    ///
    /// # Errors
    ///
    /// Every [`ConnectError`] but [`Closed`](ConnectError::Closed).
    pub fn plan(self) -> Result<Plan, ConnectError> {
        let mut remote = self.remote?;
        for (name, value) in self.headers {
            match (HeaderName::try_from(&name), HeaderValue::try_from(value)) {
                (Ok(name), Ok(value)) => remote.header(name, value),
                _ => return Err(ConnectError::Header(name)),
            }
        }
        Ok(Plan {
            config: self.config.build()?,
            proxy: self.proxy.as_deref().map(Proxy::new).transpose()?,
            #[cfg(feature = "tls")]
            tls: remote.is_secure().then(|| self.tls.config()).transpose()?,
            remote,
        })
    }
}
