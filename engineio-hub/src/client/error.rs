//! Why a client couldn't connect.

use std::error::Error;

use engineio_proto::ClientCloseReason;
use engineio_proto::ConfigError;

use super::proxy::InvalidProxy;
use super::request::InvalidUrl;

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is no URL, or not one of a server.
    #[error(transparent)]
    Url(#[from] InvalidUrl),
    /// The settings make no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A header's name or value isn't legal.
    #[error("not a legal header: {0}")]
    Header(String),
    /// The address of the proxy isn't one.
    #[error("not the address of a proxy: it must be http, with a host")]
    Proxy,
    /// TLS can't be set up: a certificate or a key isn't one, or the machine has no roots.
    #[error("TLS can't be set up: {0}")]
    Tls(Box<dyn Error + Send + Sync>),
    /// It came to nothing. `source` is what the machine said, where it did: that a name isn't
    /// known, a connection refused, or a certificate not trusted.
    #[error("{reason}")]
    Closed {
        /// What happened.
        reason: ClientCloseReason,
        /// What the machine said.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl ConnectError {
    /// For a binding that was built without TLS: the connection must not be made without.
    pub fn built_without_tls() -> Self {
        Self::Tls("it is not in this build: see the feature `tls`".into())
    }

    /// A session that ended before it was open, and the last error of the machine.
    pub fn closed(reason: ClientCloseReason, source: Option<Box<dyn Error + Send + Sync>>) -> Self {
        // Nothing of the machine's explains what the server itself said.
        let source = source.filter(|_| !matches!(reason, ClientCloseReason::Refused(_)));
        Self::Closed { reason, source }
    }
}

impl From<InvalidProxy> for ConnectError {
    fn from(InvalidProxy: InvalidProxy) -> Self {
        Self::Proxy
    }
}
