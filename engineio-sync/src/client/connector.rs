//! How connections are made: to what addresses, and what to do then.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
#[cfg(feature = "tls")]
use std::sync::Arc;

use bytes::Bytes;
use engineio_hub::client::{ConnectError, Plan, Proxy};
use http::uri::Authority;
use http::{Method, Request, Uri, header};
use mio::Token;

use super::BoxError;
use super::connection::Connection;
use super::exchange::ClientExchange;
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::stream::Tcp;

/// Connects to one server, directly or through a proxy.
pub(super) struct Connector {
    /// Of the server, or of the proxy.
    host: String,
    port: u16,
    /// What the host's name stands for, once it was looked up. The one that was reached last is
    /// the first: all requests of a session are for one server.
    addresses: Vec<SocketAddr>,
    /// The request for the proxy.
    tunnel: Option<Request<Bytes>>,
    #[cfg(feature = "tls")]
    tls: Option<(Arc<rustls::ClientConfig>, rustls::pki_types::ServerName<'static>)>,
}

impl Connector {
    /// For the server of this plan.
    pub(super) fn new(plan: &Plan) -> Result<Self, ConnectError> {
        let remote = &plan.remote;
        #[cfg(not(feature = "tls"))]
        if remote.is_secure() {
            return Err(ConnectError::built_without_tls());
        }
        let (host, port) = match &plan.proxy {
            Some(proxy) => (proxy.host(), proxy.port()),
            None => (remote.host(), remote.port()),
        };
        Ok(Self {
            host: host.to_owned(),
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

    /// The addresses to try. Looks the name up if that wasn't done, and waits for it.
    pub(super) fn addresses(&mut self) -> io::Result<Vec<SocketAddr>> {
        if self.addresses.is_empty() {
            self.addresses = (self.host.as_str(), self.port).to_socket_addrs()?.collect();
        }
        Ok(self.addresses.clone())
    }

    /// This one is tried first the next time.
    pub(super) fn reached(&mut self, address: SocketAddr) {
        if let Some(place) = self.addresses.iter().position(|known| *known == address)
            && let Some(before) = self.addresses.get_mut(..=place)
        {
            before.rotate_right(1);
        }
    }

    /// None of them could be reached: the name may stand for others by now.
    pub(super) fn forget(&mut self) {
        self.addresses.clear();
    }

    /// What to ask the proxy, if there is one.
    pub(super) fn tunnel(&self) -> Result<Option<ClientExchange>, BoxError> {
        let tunnel = self.tunnel.clone();
        // What a proxy says in more words isn't read.
        tunnel.map(|request| ClientExchange::new(request, 0)).transpose()
    }

    /// Does with the connection to the server, or the tunnel to it, what the scheme wants.
    pub(super) fn secure(&self, token: Token, tcp: Tcp) -> Result<Connection, BoxError> {
        #[cfg(feature = "tls")]
        if let Some((config, name)) = &self.tls {
            let session = rustls::ClientConnection::new(Arc::clone(config), name.clone())?;
            return Ok(Connection::tls(token, Tls::new(tcp, session)));
        }
        Ok(Connection::plain(token, tcp))
    }
}

/// A request for a tunnel to there.
fn tunnel(proxy: &Proxy, there: Authority) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = Uri::from(there);
    if let Some(authorization) = proxy.authorization() {
        request.headers_mut().insert(header::PROXY_AUTHORIZATION, authorization.clone());
    }
    request
}
