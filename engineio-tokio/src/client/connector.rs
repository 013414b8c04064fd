//! How connections are made: directly or through a proxy, with TLS or without.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tower_service::Service;

use super::error::ConnectError;
#[cfg(feature = "tls")]
use super::tls::Tls;

#[cfg(feature = "tls")]
pub(super) type Http = Client<hyper_rustls::HttpsConnector<Road>, Full<Bytes>>;
#[cfg(not(feature = "tls"))]
pub(super) type Http = Client<Road, Full<Bytes>>;

/// Makes requests over connections of its own, TLS where `tls` is given.
#[cfg(feature = "tls")]
pub(super) fn connector(proxy: Option<&str>, tls: Option<&Tls>) -> Result<Http, ConnectError> {
    let config = match tls {
        Some(tls) => tls.config()?,
        // For `http` it isn't used.
        None => Tls::trusts_nobody().map_err(ConnectError::Tls)?,
    };
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .wrap_connector(Road::new(proxy)?);
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

/// Makes requests over connections of its own.
#[cfg(not(feature = "tls"))]
pub(super) fn connector(proxy: Option<&str>) -> Result<Http, ConnectError> {
    Ok(Client::builder(TokioExecutor::new()).build(Road::new(proxy)?))
}

/// The way to the server.
#[derive(Clone)]
pub(super) enum Road {
    Direct(HttpConnector),
    Proxy(Tunnel<HttpConnector>),
}

impl Road {
    fn new(proxy: Option<&str>) -> Result<Self, ConnectError> {
        let mut direct = HttpConnector::new();
        direct.enforce_http(false);
        direct.set_nodelay(true);
        let Some(proxy) = proxy else { return Ok(Self::Direct(direct)) };
        let matcher = Matcher::builder().all(proxy).build();
        let anywhere = Uri::from_static("http://server");
        let proxy = matcher.intercept(&anywhere).ok_or(ConnectError::Proxy)?;
        let tunnel = Tunnel::new(proxy.uri().clone(), direct);
        Ok(Self::Proxy(match proxy.basic_auth() {
            Some(auth) => tunnel.with_auth(auth.clone()),
            None => tunnel,
        }))
    }
}

type BoxError = Box<dyn Error + Send + Sync>;

impl Service<Uri> for Road {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Direct(direct) => direct.poll_ready(cx).map_err(Into::into),
            Self::Proxy(proxy) => proxy.poll_ready(cx).map_err(Into::into),
        }
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        match self {
            Self::Direct(direct) => {
                let connecting = direct.call(server);
                Box::pin(async { Ok(connecting.await?) })
            }
            Self::Proxy(proxy) => {
                let connecting = proxy.call(server);
                Box::pin(async { Ok(connecting.await?) })
            }
        }
    }
}
