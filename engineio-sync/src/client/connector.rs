//! How the server is reached: the address, a proxy, TLS.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
#[cfg(feature = "tls")]
use std::sync::Arc;

use bytes::Bytes;
use engineio_hub::client::{ConnectError, Plan, Proxy};
use http::uri::Authority;
use http::{Method, Request, Uri, header};
use mio::Token;

use super::connection::Connection;
use super::error::BoxError;
use super::exchange::ClientExchange;
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::stream::Tcp;

/// Connects to one server.
pub(super) struct Connector {
    /// The server's, or the proxy's.
    host: String,
    port: u16,
    /// The addresses of the host, once its name was looked up. The one that was reached last comes
    /// first, since all requests of a session have to reach the same server.
    addresses: Vec<SocketAddr>,
    /// The request for the proxy.
    tunnel: Option<Request<Bytes>>,
    #[cfg(feature = "tls")]
    tls: Option<(Arc<rustls::ClientConfig>, rustls::pki_types::ServerName<'static>)>,
}

impl Connector {
    /// Makes the connector that the plan describes.
    pub(super) fn new(plan: &Plan) -> Result<Self, ConnectError> {
        let remote = &plan.remote;
        #[cfg(not(feature = "tls"))]
        if remote.is_secure() {
            return Err(ConnectError::built_without_tls());
        }
        let (host, port) = match &plan.proxy {
            Some(proxy) => (proxy.host().to_owned(), proxy.port()),
            None => (remote.host_in_zone(), remote.port()),
        };
        Ok(Self {
            host,
            port,
            addresses: Vec::new(),
            tunnel: plan.proxy.as_ref().map(|proxy| tunnel(proxy, remote.host_and_port())),
            #[cfg(feature = "tls")]
            tls: match &plan.tls {
                Some(config) => {
                    let name = remote.host().to_owned();
                    let name = rustls::pki_types::ServerName::try_from(name);
                    let name = name.map_err(|error| ConnectError::Tls(error.into()))?;
                    Some((Arc::new(config.clone()), name))
                }
                None => None,
            },
        })
    }

    /// The addresses to try. The first call looks up the name, and waits for that.
    pub(super) fn addresses(&mut self) -> io::Result<Vec<SocketAddr>> {
        if self.addresses.is_empty() {
            self.addresses = (self.host.as_str(), self.port).to_socket_addrs()?.collect();
        }
        Ok(self.addresses.clone())
    }

    /// Tries this address first the next time.
    pub(super) fn reached(&mut self, address: SocketAddr) {
        if let Some(place) = self.addresses.iter().position(|known| *known == address)
            && let Some(before) = self.addresses.get_mut(..=place)
        {
            before.rotate_right(1);
        }
    }

    /// Looks up the name again the next time, since none of its addresses could be reached.
    pub(super) fn forget(&mut self) {
        self.addresses.clear();
    }

    /// The request for a tunnel, if there is a proxy.
    pub(super) fn tunnel(&self) -> Result<Option<ClientExchange>, BoxError> {
        let tunnel = self.tunnel.clone();
        // The body of a proxy's answer isn't read.
        tunnel.map(|request| ClientExchange::new(request, 0)).transpose()
    }

    /// Adds TLS to the connection or tunnel, if the scheme demands it.
    pub(super) fn secure(&self, token: Token, tcp: Tcp) -> Result<Connection, BoxError> {
        #[cfg(feature = "tls")]
        if let Some((config, name)) = &self.tls {
            let session = rustls::ClientConnection::new(Arc::clone(config), name.clone())?;
            return Ok(Connection::tls(token, Tls::new(tcp, session)));
        }
        Ok(Connection::plain(token, tcp))
    }
}

/// A request for a tunnel to this host and port.
fn tunnel(proxy: &Proxy, there: Authority) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = Uri::from(there);
    if let Some(authorization) = proxy.authorization() {
        request.headers_mut().insert(header::PROXY_AUTHORIZATION, authorization.clone());
    }
    request
}
