//! Serving connections without a framework.

use std::io;
use std::time::Duration;

use engineio_hub::listener::{
    ACCEPT_PAUSE, AcceptError, HEAD_TIMEOUT, MAX_HEAD, MAX_HEADERS, patience,
};
use engineio_hub::{Data, RemoteAddr};
use engineio_hyper::Watched;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::clock::timer;
use crate::core::Core;
use crate::service::EngineIoService;

pub(crate) async fn serve<D: Data>(core: Core<D>, listener: TcpListener) -> io::Result<()> {
    let mut stop = core.stop.subscribe();
    let connections = GracefulShutdown::new();
    let patience = patience(core.hub.config());
    let http = http(patience);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(Option::is_some) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => match AcceptError::of(&error) {
                AcceptError::Final => return Err(error),
                AcceptError::OfPeer => continue,
                AcceptError::Passing => {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let service = EngineIoService::alone(core.clone(), RemoteAddr(peer));
        let stream = watched(stream, patience);
        let connection =
            http.serve_connection_with_upgrades(stream, TowerToHyperService::new(service));
        let connection = connections.watch(connection.into_owned());
        tokio::spawn(async move {
            // An error needs no handling here: the sessions already know.
            let _ = connection.await;
        });
    }
    // No session is left, only idle connections and last answers.
    let until = stop.borrow().unwrap_or_else(Instant::now);
    let _ = tokio::time::timeout_at(until, connections.shutdown()).await;
    Ok(())
}

fn http(patience: Duration) -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(MAX_HEAD)
        .max_headers(MAX_HEADERS);
    // Without pings HTTP/2 never notices that a peer is gone.
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEAD_TIMEOUT)
        .max_header_list_size(MAX_HEAD as u32);
    http
}

fn watched(stream: TcpStream, patience: Duration) -> Watched<TokioIo<TcpStream>> {
    // Packets are written whole, so waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    Watched::new(TokioIo::new(stream), timer(), HEAD_TIMEOUT, patience)
}
