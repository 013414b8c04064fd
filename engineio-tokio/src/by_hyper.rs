//! Connections that hyper serves: those of HTTP/2, and all of a node that forwards.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use engineio_hub::Data;
use engineio_hub::listener::{HEAD_TIMEOUT, MAX_HEAD, MAX_HEADERS, Permit};
use engineio_hyper::{Http2Start, LazyTimer, Watched, head_fault};
use engineio_proto::server::ConnectionFault;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::clock::timer;
use crate::http2;
use crate::idle::{Activity, Tracked};
use crate::listener::{Stop, until_stopped};
use crate::prefixed::Prefixed;
use crate::service::Alone;

/// What the first bytes of a connection say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    Http1,
    /// It may begin with the preface of HTTP/2 (RFC 9113, section 3.4).
    Either,
}

/// Looks at the first bytes without taking them. `None`: nothing comes in time, or the server is
/// closing.
async fn version(stream: &TcpStream, stop: &mut Stop) -> Option<Version> {
    let mut first = [0; PREFACE_START.len()];
    let seen = tokio::select! {
        peeked = timeout(HEAD_TIMEOUT, stream.peek(&mut first)) => first.get(..peeked.ok()?.ok()?)?,
        _ = stop.wait_for(Option::is_some) => return None,
    };
    if seen.is_empty() {
        return None;
    }
    Some(if PREFACE_START.starts_with(seen) { Version::Either } else { Version::Http1 })
}

/// Serves HTTP on a connection.
///
/// Both versions could be left to `auto`, but it takes the first 24 bytes for itself: hyper's read
/// buffer then doubles, and each connection has room for the state of HTTP/2.
pub(crate) struct Http {
    http1: http1::Builder,
    auto: auto::Builder<TokioExecutor>,
    patience: Duration,
    linger: Duration,
}

impl Http {
    pub(crate) fn new(patience: Duration, linger: Duration) -> Self {
        let mut http1 = http1::Builder::new();
        http1.header_read_timeout(patience).max_buf_size(MAX_HEAD).max_headers(MAX_HEADERS);
        let mut auto = auto::Builder::new(TokioExecutor::new());
        auto.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(patience)
            .max_buf_size(MAX_HEAD)
            .max_headers(MAX_HEADERS);
        auto.http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(PING_INTERVAL)
            .max_header_list_size(MAX_HEAD as u32);
        http2::configure(&mut auto.http2());
        Self { http1, auto, patience, linger }
    }

    /// Serves a connection of either version. Returns what hyper turned away. Other errors need no
    /// handling: the sessions already know.
    pub(crate) async fn serve<D: Data>(
        &self,
        stream: TokioIo<TcpStream>,
        permit: Permit,
        service: Alone<D>,
        mut stop: Stop,
    ) -> Option<ConnectionFault> {
        let permit = Some(permit);
        // What follows is boxed, so that a silent connection has no room for it.
        match version(stream.inner(), &mut stop).await? {
            Version::Http1 => Box::pin(self.serve_http1(stream, permit, service, stop)).await,
            Version::Either => {
                let start = Http2Start { stream, first: Bytes::new(), permit };
                Box::pin(self.serve_http2(start, service, stop)).await
            }
        }
    }

    async fn serve_http1<D: Data>(
        &self,
        stream: TokioIo<TcpStream>,
        permit: Option<Permit>,
        service: Alone<D>,
        stop: Stop,
    ) -> Option<ConnectionFault> {
        let stream = Watched::opened(stream, timer(), self.patience).holding(permit);
        let mut http1 = self.http1.clone();
        http1.timer(LazyTimer::new(timer()));
        let mut connection = http1.serve_connection(stream, service).with_upgrades();
        let Some(ended) = until_stopped(&mut connection, stop).await else {
            Pin::new(&mut connection).graceful_shutdown();
            let _ = connection.await;
            return None;
        };
        let has_begun = || connection.into_parts().is_some_and(|parts| !parts.read_buf.is_empty());
        head_fault(&ended.err()?, has_begun)
    }

    /// Serves a connection of HTTP/2, as it seems. Returns what [`serve`](Self::serve) does.
    pub(crate) async fn serve_http2<D: Data>(
        &self,
        start: Http2Start<TokioIo<TcpStream>>,
        service: Alone<D>,
        stop: Stop,
    ) -> Option<ConnectionFault> {
        let Http2Start { stream, first, permit } = start;
        let stream = Prefixed::new(first, stream);
        let stream = Watched::new(stream, timer(), HEAD_TIMEOUT, self.patience).holding(permit);
        let activity = Activity::begin();
        let service = Tracked::new(service, &activity);
        let connection = self.auto.serve_connection_with_upgrades(stream, service);
        self.until_idle(Box::pin(connection.into_owned()), &activity, stop).await
    }

    /// Runs a connection to its end, or until nobody has used it for long or the server stops, and
    /// then lets it finish what it has begun.
    async fn until_idle<D: Data>(
        &self,
        mut connection: Pin<Box<AutoConnection<D>>>,
        activity: &Activity,
        mut stop: Stop,
    ) -> Option<ConnectionFault> {
        tokio::select! {
            // Whether a head had begun can't be seen here.
            ended = connection.as_mut() => return head_fault(&*ended.err()?, || false),
            () = activity.idle_for(self.patience) => {}
            _ = stop.wait_for(Option::is_some) => {}
        }
        connection.as_mut().graceful_shutdown();
        activity.moved();
        tokio::select! {
            _ = connection => {}
            () = activity.idle_for(self.linger.min(self.patience)) => {}
            // What keeps a stream open may never end.
            () = deadline(stop) => {}
        }
        None
    }
}

/// Waits until all has to be over.
async fn deadline(mut stop: Stop) {
    let stopped = stop.wait_for(Option::is_some).await;
    let until = stopped.ok().and_then(|until| *until);
    tokio::time::sleep_until(until.unwrap_or_else(Instant::now)).await;
}

type AutoConnection<D> = auto::UpgradeableConnection<
    'static,
    Watched<Prefixed<TokioIo<TcpStream>>>,
    Tracked<Alone<D>>,
    TokioExecutor,
>;

/// The first bytes of HTTP/2. No method of a request for this server begins with them.
const PREFACE_START: &[u8] = b"PR";

/// How often HTTP/2 pings an idle connection. Without pings it never notices that a peer is gone.
const PING_INTERVAL: Duration = HEAD_TIMEOUT;
