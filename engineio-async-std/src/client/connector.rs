//! Connecting: directly or through a proxy, with TLS or without.

use std::io::{self, ErrorKind};

use bytes::Bytes;
use engineio_hub::client::{ConnectError, Plan, Proxy};
use engineio_hyper::BoxError;
use futures_io::{AsyncRead, AsyncWrite};
use http::uri::Authority;
use http::{Request, Uri, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;

use crate::rt::spawn;
use crate::stream::{Ending, Tcp};
use crate::tcp::tcp;

/// Connects to one server, directly or through a proxy.
#[derive(Debug)]
pub(super) struct Connector {
    /// As a resolver takes it.
    host: String,
    port: u16,
    /// Host and port, as the target of a `CONNECT`.
    host_and_port: Authority,
    proxy: Option<Proxy>,
    /// With the name that the server's certificate has to have.
    #[cfg(feature = "tls")]
    tls: Option<(std::sync::Arc<futures_rustls::rustls::ClientConfig>, String)>,
}

/// A connection to a server.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Connector {
    /// Makes the connector for a plan.
    pub(super) fn new(plan: &Plan) -> Result<Self, ConnectError> {
        #[cfg(not(feature = "tls"))]
        if plan.remote.is_secure() {
            return Err(ConnectError::built_without_tls());
        }
        Ok(Self {
            host: plan.remote.host_in_zone(),
            port: plan.remote.port(),
            host_and_port: plan.remote.host_and_port(),
            proxy: plan.proxy.clone(),
            #[cfg(feature = "tls")]
            tls: (plan.tls.clone())
                .map(|config| (std::sync::Arc::new(config), plan.remote.host().to_owned())),
        })
    }

    /// Makes a connection.
    pub(super) async fn connect(&self) -> Result<Box<dyn Stream>, BoxError> {
        let stream = match &self.proxy {
            None => tcp(&self.host, self.port).await?,
            Some(proxy) => self.tunnel(proxy).await?,
        };
        #[cfg(feature = "tls")]
        if let Some((config, name)) = &self.tls {
            let connector = futures_rustls::TlsConnector::from(std::sync::Arc::clone(config));
            let name = name.clone().try_into()?;
            return Ok(Box::new(connector.connect(name, stream).await?));
        }
        Ok(Box::new(stream))
    }

    /// Asks the proxy for a connection to the server (RFC 9110, section 9.3.6).
    async fn tunnel(&self, proxy: &Proxy) -> Result<Tcp, BoxError> {
        let stream = tcp(proxy.host(), proxy.port()).await?;
        let (mut sender, connection) = http1::handshake(Ending::new(stream)).await?;
        spawn(async {
            let _ = connection.with_upgrades().await;
        });
        let mut request = Request::connect(Uri::from(self.host_and_port.clone()))
            .header(header::HOST, self.host_and_port.as_str())
            .body(Empty::<Bytes>::new())?;
        if let Some(word) = proxy.authorization() {
            request.headers_mut().insert(header::PROXY_AUTHORIZATION, word.clone());
        }
        let mut response = sender.send_request(request).await?;
        if !response.status().is_success() {
            let said = format!("the proxy answered {}", response.status());
            return Err(io::Error::new(ErrorKind::ConnectionRefused, said).into());
        }
        let upgraded = hyper::upgrade::on(&mut response).await?;
        let parts = upgraded.downcast::<Ending<Tcp>>().map_err(not_ours)?;
        if !parts.read_buf.is_empty() {
            let said = "the proxy sent data before the server could";
            return Err(io::Error::new(ErrorKind::InvalidData, said).into());
        }
        Ok(parts.io.into_inner())
    }
}

fn not_ours(_other: Upgraded) -> io::Error {
    io::Error::other("the upgraded connection is not the one to the proxy")
}
