//! Connecting to the other nodes of a cluster.

use std::time::Duration;

use engineio_hyper::{
    BoxError, Forwarder, KEEPALIVE_INTERVAL, KEEPALIVE_RETRIES, KEEPALIVE_TIME, pooled,
};
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;

use crate::clock::timer;

/// Makes what forwards requests. A node may take no bytes for `write_timeout`.
pub(crate) fn forwarder(write_timeout: Duration) -> Forwarder {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(KEEPALIVE_TIME));
    tcp.set_keepalive_interval(Some(KEEPALIVE_INTERVAL));
    tcp.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    tcp.set_tcp_user_timeout(Some(engineio_hyper::USER_TIMEOUT));
    let connect = move |node: Uri| {
        let connecting = tcp.clone().call(node);
        async { connecting.await.map_err(BoxError::from) }
    };
    pooled(connect, TokioExecutor::new(), TokioTimer::new(), timer(), write_timeout)
}
