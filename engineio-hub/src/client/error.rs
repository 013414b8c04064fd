//! Why a client couldn't connect.

use std::error::Error;
use std::fmt;

use engineio_proto::{ClientCloseReason, ConfigError, Refused};

use super::certificates::is_about_certificates;
use super::proxy::InvalidProxy;
use super::request::InvalidUrl;

/// Why connecting failed. `Display` gives the cause in one line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address isn't a URL, or not one of a server.
    #[error(transparent)]
    Url(#[from] InvalidUrl),
    /// The settings are inconsistent.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The name or value of this header is illegal.
    #[error("illegal header: {0}")]
    Header(String),
    /// The proxy's address isn't valid.
    #[error(transparent)]
    Proxy(#[from] InvalidProxy),
    /// TLS can't be set up: a certificate or key is invalid, or the machine has no root
    /// certificates.
    #[error("TLS can't be set up: {0}")]
    Tls(Box<dyn Error + Send + Sync>),
    /// The application couldn't say how to connect: what it is asked for before each attempt of a
    /// [`ReconnectingClient`](super::ReconnectingClient) gave this error.
    #[error("the attempt can't be prepared: {0}")]
    Prepare(Box<dyn Error + Send + Sync>),
    /// The session ended before it was open.
    #[error("{reason}{}", Causes(.source.as_deref()))]
    Closed {
        /// What happened.
        reason: ClientCloseReason,
        /// The error of the operating system or of TLS, if there was one: an unknown name, a
        /// refused connection, an untrusted certificate.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
}

impl ConnectError {
    /// The error of a binding built without TLS, which must not connect to `https` or `wss` in
    /// plain text.
    pub fn built_without_tls() -> Self {
        Self::Tls("built without TLS: enable the feature `tls`".into())
    }

    /// The error for a session that ended before it was open, with the last error of the operating
    /// system.
    pub fn closed(reason: ClientCloseReason, source: Option<Box<dyn Error + Send + Sync>>) -> Self {
        // The server's own refusal needs no such explanation.
        let source = source.filter(|_| !matches!(reason, ClientCloseReason::Refused(_)));
        Self::Closed { reason, source }
    }

    /// The server's refusal, if it sent one.
    pub const fn refused(&self) -> Option<&Refused> {
        match self {
            Self::Closed { reason: ClientCloseReason::Refused(refused), .. } => Some(refused),
            Self::Closed { .. }
            | Self::Url(_)
            | Self::Config(_)
            | Self::Header(_)
            | Self::Proxy(_)
            | Self::Tls(_)
            | Self::Prepare(_) => None,
        }
    }

    /// Whether the same attempt may succeed later: the server couldn't be reached, was too slow, or
    /// refused for a reason that passes; see [`ClientCloseReason::is_transient`]. An untrusted
    /// certificate isn't such a reason.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Prepare(_) => true,
            Self::Closed { reason, .. } => reason.is_transient() && !self.is_about_certificates(),
            Self::Url(_) | Self::Config(_) | Self::Header(_) | Self::Proxy(_) | Self::Tls(_) => {
                false
            }
        }
    }

    /// Whether no connection was made because either end didn't trust the other's certificate.
    pub(super) fn is_about_certificates(&self) -> bool {
        match self {
            Self::Closed { reason: ClientCloseReason::Unreachable, source: Some(source) } => {
                is_about_certificates(&**source)
            }
            Self::Closed { .. }
            | Self::Url(_)
            | Self::Config(_)
            | Self::Header(_)
            | Self::Proxy(_)
            | Self::Tls(_)
            | Self::Prepare(_) => false,
        }
    }
}

/// Displays an error and its causes in one line.
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
