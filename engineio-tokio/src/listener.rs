//! A listener of one's own: connections with no framework around them.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use engineio_hub::RemoteAddr;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tower_service::Service;

use crate::server::Server;
use crate::watched::Watched;

pub(crate) async fn serve<D: Send + Sync + 'static>(
    server: Server<D>,
    listener: TcpListener,
) -> io::Result<()> {
    let mut stop = server.shared.stop.subscribe();
    let connections = GracefulShutdown::new();
    let patience = patience(&server);
    let http = http(patience);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(Option::is_some) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_final(&error) => return Err(error),
            Err(error) => {
                if !is_of_peer(&error) {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
                continue;
            }
        };
        let service = WithPeer { inner: server.service(), peer };
        let stream = TokioIo::new(watched(stream, patience));
        let connection =
            http.serve_connection_with_upgrades(stream, TowerToHyperService::new(service));
        let connection = connections.watch(connection.into_owned());
        tokio::spawn(async move {
            // Nobody is left to hear of an error, and the sessions know.
            let _ = connection.await;
        });
    }
    // No session is left: what remains are idle connections and last answers.
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
    // Without pings HTTP/2 never misses a peer that is gone.
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEAD_TIMEOUT)
        .max_header_list_size(MAX_HEAD as u32);
    http
}

fn watched(stream: TcpStream, patience: Duration) -> Watched<TcpStream> {
    // Packets are whole when they are written: waiting for more only delays them.
    let _ = stream.set_nodelay(true);
    Watched::new(stream, HEAD_TIMEOUT, patience)
}

/// How long a connection may be idle between requests, and how long its peer may take
/// no bytes. A client that polls uses a connection once in a `ping_interval` at least,
/// and must not find it closing just then.
fn patience<D: Send + Sync + 'static>(server: &Server<D>) -> Duration {
    let config = server.config();
    config.ping_interval().saturating_add(config.ping_timeout()).clamp(HEAD_TIMEOUT, LONGEST)
}

/// Whether there is no listener to accept from. All else passes: a network that is down
/// for a moment, no memory, too many open files.
fn is_final(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

/// Whether the trouble is over with the connection that it came with.
fn is_of_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Adds the peer's address to each request of a connection.
#[derive(Clone)]
struct WithPeer<S> {
    inner: S,
    peer: SocketAddr,
}

impl<S: Service<Request<Incoming>>> Service<Request<Incoming>> for WithPeer<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(
        &mut self,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Incoming>) -> S::Future {
        request.extensions_mut().insert(RemoteAddr(self.peer));
        self.inner.call(request)
    }
}

/// How long a connection may take for its first byte, and the least that it may be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Longer than any connection lasts; more could overflow a clock.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The longest head of a request, in bytes. Hyper's own 400 KiB are more than any
/// client of this protocol needs.
const MAX_HEAD: usize = 16 << 10;

const MAX_HEADERS: usize = 100;

/// How long to wait when `accept` can't go on for now.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
