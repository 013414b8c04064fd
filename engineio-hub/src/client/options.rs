//! The options of a client.

use std::time::Duration;

use engineio_proto::{ClientConfig, ClientConfigBuilder, RevisionChoice, Transport};
use http::{HeaderName, HeaderValue};

use super::error::ConnectError;
use super::jar::Jar;
use super::proxy::{InvalidProxy, Proxy};
use super::redirect::{Redirects, own_query};
use super::request::{InvalidUrl, Remote};
#[cfg(feature = "tls")]
use super::tls::Tls;

/// How long one of several addresses of a server is tried before the next one.
pub const ADDRESS_PATIENCE: Duration = Duration::from_secs(2);

/// Where and how a client connects.
///
/// Made from a URL with `http`, `https`, `ws` or `wss`. A path other than `/` replaces
/// `/engine.io/`, with a slash at its end in either case, and a query is kept. User and password,
/// which may be percent-encoded, become the `Authorization` header of every request, unless
/// [`header`](Self::header) gives one. A link-local address may have its zone:
/// `http://[fe80::1%25eth0]:3000`. By default the client speaks revision 4, begins with polling and
/// moves to a WebSocket if the server offers one.
///
/// Options are checked only when they are used to connect: an invalid one gives a [`ConnectError`].
#[derive(Clone, Debug)]
#[must_use = "options do nothing until they are used to connect"]
pub struct ClientOptions {
    remote: Result<Remote, InvalidUrl>,
    config: ClientConfigBuilder,
    headers: Vec<(String, String)>,
    proxy: Option<Result<Proxy, InvalidProxy>>,
    redirects: Redirects,
    #[cfg(feature = "tls")]
    tls: Tls,
}

/// Checked options, for a binding.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The server, and the headers of every request.
    pub remote: Remote,
    /// The settings of the session.
    pub config: ClientConfig,
    /// The proxy to go through.
    pub proxy: Option<Proxy>,
    /// For `https` and `wss` only.
    #[cfg(feature = "tls")]
    pub tls: Option<rustls::ClientConfig>,
    pub(super) redirects: Redirects,
    settings: ClientConfigBuilder,
    #[cfg(feature = "tls")]
    tls_options: Tls,
}

impl Plan {
    /// The same plan, for a server that this one redirects to.
    pub(super) fn towards(self, remote: Remote) -> Result<Self, ConnectError> {
        let mut settings = self.settings;
        if let Some(address) = &remote.path_and_query {
            let path = address.path();
            settings = settings.path(path).trailing_slash(path.ends_with('/'));
            if let Some(query) = address.query() {
                settings = settings.query(own_query(query));
            }
        }
        Ok(Self {
            config: settings.clone().build()?,
            #[cfg(feature = "tls")]
            tls: remote.is_secure().then(|| self.tls_options.config()).transpose()?,
            settings,
            remote,
            ..self
        })
    }
}

impl ClientOptions {
    /// Makes options for the server at this URL, with all defaults.
    pub fn new(url: &str) -> Self {
        let remote = Remote::new(url);
        let config = remote.as_ref().map_or_else(|_| ClientConfig::builder(), Remote::settings);
        Self {
            remote,
            config,
            headers: Vec::new(),
            proxy: None,
            redirects: Redirects::default(),
            #[cfg(feature = "tls")]
            tls: Tls::default(),
        }
    }

    /// Changes the settings of the session: timeouts, limits, everything that
    /// [`ClientConfigBuilder`] has.
    pub fn config(
        mut self,
        change: impl FnOnce(ClientConfigBuilder) -> ClientConfigBuilder,
    ) -> Self {
        self.config = change(self.config);
        self
    }

    /// Sets the server's path, instead of the URL's. Default `/engine.io/`. A final slash is added
    /// where there is none, unless [`trailing_slash`](Self::trailing_slash) is off.
    pub fn path(self, path: &str) -> Self {
        self.config(|config| config.path(path))
    }

    /// Sets whether the path ends with a slash. Default yes, as with JavaScript and Python clients.
    /// Without it, even the default path is sent as `/engine.io`.
    pub fn trailing_slash(self, trailing_slash: bool) -> Self {
        self.config(|config| config.trailing_slash(trailing_slash))
    }

    /// Adds a parameter to the query of every request.
    pub fn query(self, name: &str, value: &str) -> Self {
        self.config(|config| config.query_pair(name, value))
    }

    /// Sets the transports to use, beginning with the first. Default: polling, then WebSocket.
    pub fn transports(self, transports: impl Into<Vec<Transport>>) -> Self {
        self.config(|config| config.transports(transports.into()))
    }

    /// Sets the revision of the protocol to speak. Default 4.
    pub fn revision(self, revision: RevisionChoice) -> Self {
        self.config(|config| config.revision(revision))
    }

    /// Adds a header to every request, including those for a WebSocket.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Connects through this HTTP proxy, with `CONNECT`: `http://user:password@proxy:8080`.
    pub fn proxy(mut self, url: &str) -> Self {
        self.proxy = Some(Proxy::new(url));
        self
    }

    /// Sets which redirects of the handshake are followed. Default: those to the same host.
    pub const fn redirects(mut self, redirects: Redirects) -> Self {
        self.redirects = redirects;
        self
    }

    /// Trusts these certificates too: one or more in PEM.
    #[cfg(feature = "tls")]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.roots.push(pem.into());
        self
    }

    /// Presents this certificate to the server: its chain and its key, both in PEM.
    #[cfg(feature = "tls")]
    pub fn client_certificate(
        mut self,
        chain: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Self {
        self.tls.own = Some((chain.into(), key.into()));
        self
    }

    /// Accepts any certificate from the server, so anyone on the network path can impersonate it.
    /// For tests.
    #[cfg(feature = "tls")]
    pub const fn danger_accept_any_certificate(mut self) -> Self {
        self.tls.accepts_any = true;
        self
    }

    /// Checks the options, for a binding.
    ///
    /// # Errors
    ///
    /// Every [`ConnectError`] but [`Closed`](ConnectError::Closed).
    pub fn plan(self) -> Result<Plan, ConnectError> {
        let mut remote = self.remote?;
        // Options may be used again.
        remote.jar = Jar::default();
        for (name, value) in self.headers {
            match (HeaderName::try_from(&name), HeaderValue::try_from(value)) {
                (Ok(name), Ok(value)) => remote.header(name, value),
                _ => return Err(ConnectError::Header(name)),
            }
        }
        Ok(Plan {
            config: self.config.clone().build()?,
            redirects: self.redirects,
            settings: self.config,
            proxy: self.proxy.transpose()?,
            #[cfg(feature = "tls")]
            tls: remote.is_secure().then(|| self.tls.config()).transpose()?,
            #[cfg(feature = "tls")]
            tls_options: self.tls,
            remote,
        })
    }
}

impl From<&str> for ClientOptions {
    fn from(url: &str) -> Self {
        Self::new(url)
    }
}

impl From<String> for ClientOptions {
    fn from(url: String) -> Self {
        Self::new(&url)
    }
}

impl From<&String> for ClientOptions {
    fn from(url: &String) -> Self {
        Self::new(url)
    }
}
