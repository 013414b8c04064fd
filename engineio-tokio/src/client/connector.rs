//! Connecting: directly or through a proxy, with TLS or without.

use std::pin::Pin;
#[cfg(feature = "tls")]
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use engineio_hub::client::{ConnectError, Plan};
use engineio_hyper::BoxError;
use engineio_hyper::client::{Requests, Responding};
use http::uri::Scheme;
use http::{Request, Uri};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tower_service::Service;

#[cfg(feature = "tls")]
type Connector = hyper_rustls::HttpsConnector<TcpConnector>;
#[cfg(not(feature = "tls"))]
type Connector = TcpConnector;

/// Makes requests over pooled connections.
pub(super) struct Http(Client<Connector, Full<Bytes>>);

impl Requests for Http {
    fn request(&self, request: Request<Full<Bytes>>) -> Responding {
        let responding = self.0.request(request);
        Box::pin(async { Ok(responding.await?) })
    }
}

/// Makes the HTTP client for a plan, with TLS if the plan has it.
#[cfg(feature = "tls")]
pub(super) fn connector(plan: &Plan) -> Result<Http, ConnectError> {
    let config = match &plan.tls {
        Some(config) => config.clone(),
        // Not used for `http`.
        None => trusts_nobody().map_err(|error| ConnectError::Tls(error.into()))?,
    };
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(config)
        .https_or_http()
        .enable_http1()
        .wrap_connector(TcpConnector::new(plan));
    Ok(Http(Client::builder(TokioExecutor::new()).build(connector)))
}

/// Makes the HTTP client for a plan.
#[cfg(not(feature = "tls"))]
pub(super) fn connector(plan: &Plan) -> Result<Http, ConnectError> {
    if plan.remote.is_secure() {
        return Err(ConnectError::built_without_tls());
    }
    let tcp = TcpConnector::new(plan);
    Ok(Http(Client::builder(TokioExecutor::new()).build(tcp)))
}

#[cfg(feature = "tls")]
fn trusts_nobody() -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth())
}

/// Connects to the server, directly or through a proxy.
#[derive(Clone)]
enum TcpConnector {
    /// With the zone of a server at a link-local address.
    Direct(HttpConnector, Option<String>),
    Proxy(Tunnel<HttpConnector>),
}

impl TcpConnector {
    fn new(plan: &Plan) -> Self {
        let mut direct = HttpConnector::new();
        direct.enforce_http(false);
        direct.set_nodelay(true);
        let Some(proxy) = &plan.proxy else {
            return Self::Direct(direct, plan.remote.zone().map(str::to_owned));
        };
        let tunnel = Tunnel::new(proxy.uri().clone(), direct);
        Self::Proxy(match proxy.authorization() {
            Some(authorization) => tunnel.with_auth(authorization.clone()),
            None => tunnel,
        })
    }
}

impl Service<Uri> for TcpConnector {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Direct(direct, _) => direct.poll_ready(cx).map_err(Into::into),
            Self::Proxy(proxy) => proxy.poll_ready(cx).map_err(Into::into),
        }
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        match self {
            Self::Direct(direct, zone) => {
                let connecting = place(&server, zone.as_deref()).map(|place| direct.call(place));
                Box::pin(async { Ok(connecting?.await?) })
            }
            Self::Proxy(proxy) => {
                let connecting = place(&server, None).map(|place| proxy.call(place));
                Box::pin(async { Ok(connecting?.await?) })
            }
        }
    }
}

/// The place to connect to, with its port: a `CONNECT` without one would go to 443. The resolver
/// takes the zone behind a bare `%`.
fn place(server: &Uri, zone: Option<&str>) -> Result<Uri, http::Error> {
    let host = server.host().unwrap_or_default();
    let host = match (host.strip_suffix(']'), zone) {
        (Some(address), Some(zone)) => format!("{address}%{zone}]"),
        _ => host.to_owned(),
    };
    let default = if server.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
    let port = server.port_u16().unwrap_or(default);
    let scheme = server.scheme_str().unwrap_or("http");
    Uri::builder().scheme(scheme).authority(format!("{host}:{port}")).path_and_query("/").build()
}
