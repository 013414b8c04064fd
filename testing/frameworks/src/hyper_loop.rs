use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::pin::pin;
use std::time::Duration;

use engineio_tokio::RemoteAddr;
use hyper::body::{Body, Incoming};
use hyper::service::{Service as _, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::Service;

/// Serves a tower service until `stop`, and then for a second more.
pub async fn serve<S, B>(
    listener: TcpListener,
    service: S,
    stop: impl Future<Output = ()>,
) -> io::Result<()>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let mut http = Builder::new(TokioExecutor::new()).http1_only();
    http.http1().timer(TokioTimer::new()); // 30 s for a request's head
    let service = TowerToHyperService::new(service);
    let connections = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => accepted?,
            () = &mut stop => break,
        };
        let service = service.clone();
        let with_address = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(RemoteAddr(peer)); // for `remote_ip()`
            service.call(request)
        });
        let connection = http.serve_connection_with_upgrades(TokioIo::new(stream), with_address);
        tokio::spawn(connections.watch(connection.into_owned()));
    }
    let _ = tokio::time::timeout(Duration::from_secs(1), connections.shutdown()).await;
    Ok(())
}
