//! Why a client couldn't connect.

use std::error::Error;
use std::fmt;

use engineio_proto::{ClientCloseReason, ConfigError, Refused};

use super::proxy::InvalidProxy;
use super::request::InvalidUrl;

/// Why there is no session. `Display` tells the cause in one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is no URL, or not one of a server.
    #[error(transparent)]
    Url(#[from] InvalidUrl),
    /// The settings make no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// This header's name or value isn't legal.
    #[error("illegal header: {0}")]
    Header(String),
    /// The address of the proxy isn't one.
    #[error(transparent)]
    Proxy(#[from] InvalidProxy),
    /// TLS can't be set up: a certificate or a key isn't one, or the machine has no roots.
    #[error("TLS can't be set up: {0}")]
    Tls(Box<dyn Error + Send + Sync>),
    /// No session came about.
    #[error("{reason}{}", Causes(.source.as_deref()))]
    Closed {
        /// What happened.
        reason: ClientCloseReason,
        /// What the operating system or TLS said, if that is where it failed: a name that isn't
        /// known, a connection refused, a certificate that isn't trusted.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl ConnectError {
    /// For a binding that was built without TLS: the connection must not be made without.
    pub fn built_without_tls() -> Self {
        Self::Tls("this build has no TLS: turn on the feature `tls`".into())
    }

    /// A session that ended before it was open, and the last error of the operating system.
    pub fn closed(reason: ClientCloseReason, source: Option<Box<dyn Error + Send + Sync>>) -> Self {
        // It explains nothing that the server itself said.
        let source = source.filter(|_| !matches!(reason, ClientCloseReason::Refused(_)));
        Self::Closed { reason, source }
    }

    /// What the server said, if it answered with a refusal.
    pub const fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Closed { reason: ClientCloseReason::Refused(refused), .. } => Some(refused),
            Self::Closed { .. }
            | Self::Url(_)
            | Self::Config(_)
            | Self::Header(_)
            | Self::Proxy(_)
            | Self::Tls(_) => None,
        }
    }

    /// Whether the same attempt may succeed later: the server couldn't be reached, was too slow,
    /// or said that it is overloaded or restarting (429, 502, 503, 504).
    pub fn is_transient(&self) -> bool {
        let Self::Closed { reason, .. } = self else { return false };
        match reason {
            ClientCloseReason::Refused(refused) => {
                matches!(refused.status, 429 | 502 | 503 | 504)
            }
            ClientCloseReason::ConnectTimeout
            | ClientCloseReason::PingTimeout
            | ClientCloseReason::TransportLost
            | ClientCloseReason::Unreachable
            | ClientCloseReason::Server(_) => true,
            ClientCloseReason::Application
            | ClientCloseReason::WrongRevision(_)
            | ClientCloseReason::Violation(_)
            | _ => false,
        }
    }
}

/// An error and what caused it, in one line.
struct Causes<'a>(Option<&'a (dyn Error + Send + Sync + 'static)>);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cause: Option<&dyn Error> = self.0.map(|error| error as _);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
