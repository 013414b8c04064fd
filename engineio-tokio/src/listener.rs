//! Serving connections without a framework.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io::{self, Write};
use std::net::ToSocketAddrs;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use engineio_hub::listener::{
    ACCEPT_PAUSE, AcceptError, BACKLOG, HEAD_TIMEOUT, MAX_HEAD, MAX_HEADERS, Permit, TURNED_AWAY,
};
use engineio_hub::{Data, RemoteAddr};
use engineio_hyper::{
    ConnectionTask, Ended, Http2Start, LazyTimer, Watched, carry_switched, head_fault,
};
use engineio_proto::server::ConnectionFault;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout, timeout_at};

use crate::clock::{timer, yield_turn};
use crate::core::Core;
use crate::http2;
use crate::idle::{Activity, Tracked};
use crate::prefixed::Prefixed;
use crate::service::Alone;

/// Binds a listener where many connections may wait to be accepted.
pub(crate) fn bind(address: impl ToSocketAddrs) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    // A second `listen` changes the backlog.
    SockRef::from(&listener).listen(BACKLOG)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

pub(crate) async fn serve<D: Data>(core: Core<D>, listener: TcpListener) -> io::Result<()> {
    let mut stop = core.listening.stop.subscribe();
    let (open, mut all_closed) = mpsc::channel::<Infallible>(1);
    let http =
        Arc::new(Http::new(core.listening.settings.idle_timeout, core.hub.config().linger()));
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
        let peer = RemoteAddr(peer);
        let permit = match core.listening.limits.admit(peer) {
            Ok(permit) => permit,
            Err(fault) => {
                turn_away(stream);
                core.hub.refuse_connection(fault, Some(peer));
                continue;
            }
        };
        let (http, core, open) = (Arc::clone(&http), core.clone(), open.clone());
        tokio::spawn(async move {
            // Packets are written whole, so waiting for more would only delay them.
            let _ = stream.set_nodelay(true);
            let stop = core.listening.stop.subscribe();
            let stream = TokioIo::new(stream);
            // Those by hyper are boxed, or each of our own would have room for one.
            let fault = if core.forwarder.is_some() {
                let service = Alone::new(core.clone(), peer);
                Box::pin(http.serve(stream, permit, service, stop)).await
            } else if let Some(start) = serve_alone(&core, stream, peer, permit, stop.clone()).await
            {
                let service = Alone::new(core.clone(), peer);
                Box::pin(http.serve_http2(*start, service, stop)).await
            } else {
                None
            };
            if let Some(fault) = fault {
                core.hub.refuse_connection(fault, Some(peer));
            }
            drop(open);
        });
    }
    // The system turns clients away from now on, and a balancer sees that the port is closed.
    drop(listener);
    // No session is left, only idle connections and last answers.
    let until = stop.borrow().unwrap_or_else(Instant::now);
    drop(open);
    let _ = timeout_at(until, all_closed.recv()).await;
    Ok(())
}

/// Serves a connection that needs none of hyper's HTTP/1.1, or finds that it is one of HTTP/2.
async fn serve_alone<D: Data>(
    core: &Core<D>,
    stream: TokioIo<TcpStream>,
    peer: RemoteAddr,
    permit: Permit,
    stop: Stop,
) -> Option<Box<Http2Start<TokioIo<TcpStream>>>> {
    core.start_driver();
    let (hub, settings) = (&core.hub, &core.listening.settings);
    let (peer, permit) = (Some(peer), Some(permit));
    let task = ConnectionTask::new(hub, settings, stream, peer, permit, timer(), yield_turn);
    // Boxed, or the futures around it would have room for it twice and more.
    let mut task = Box::new(task);
    let ended = match until_stopped(&mut task, stop.clone()).await {
        Some(ended) => ended,
        None => {
            task.stop();
            let until = stop.borrow().unwrap_or_else(Instant::now);
            timeout_at(until, task).await.unwrap_or(Ended::Over)
        }
    };
    match ended {
        Ended::Over => None,
        Ended::Http2(start) => Some(start),
        Ended::WebSocket(websocket) => {
            tokio::spawn(carry_switched(*websocket));
            None
        }
    }
}

/// Answers a connection for which there is no place. If it can't take so few bytes at once, it gets
/// none.
fn turn_away(stream: TcpStream) {
    // tokio would first wait for the event that says that it can be written to.
    let _ = stream.into_std().and_then(|mut stream| stream.write(TURNED_AWAY));
}

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

/// Tells when to stop, and by when all has to be over.
pub(crate) type Stop = watch::Receiver<Option<Instant>>;

/// Serves HTTP on a connection.
///
/// Both versions could be left to `auto`, but it takes the first 24 bytes for itself: hyper's read
/// buffer then doubles, and each connection has room for the state of HTTP/2.
struct Http {
    http1: http1::Builder,
    auto: auto::Builder<TokioExecutor>,
    patience: Duration,
    linger: Duration,
}

impl Http {
    fn new(patience: Duration, linger: Duration) -> Self {
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

    /// Serves a connection by hyper alone. Returns what hyper turned away. Other errors need no
    /// handling: the sessions already know.
    async fn serve<D: Data>(
        &self,
        stream: TokioIo<TcpStream>,
        permit: Permit,
        service: Alone<D>,
        mut stop: Stop,
    ) -> Option<ConnectionFault> {
        let permit = Some(permit);
        if let Version::Either = version(stream.inner(), &mut stop).await? {
            let start = Http2Start { stream, first: Bytes::new(), permit };
            return self.serve_http2(start, service, stop).await;
        }
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
    async fn serve_http2<D: Data>(
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

/// Runs a connection to its end, or until the server stops: `None`.
async fn until_stopped<F: Future + Unpin>(connection: &mut F, mut stop: Stop) -> Option<F::Output> {
    let unseen = stop.clone();
    let mut stopped = pin!(stop.wait_for(Option::is_some));
    let mut waiting: Option<Waker> = None;
    poll_fn(|cx| {
        if let Poll::Ready(ended) = Pin::new(&mut *connection).poll(cx) {
            return Poll::Ready(Some(ended));
        }
        // Each turn of each connection comes here, so the lock that they share is taken but once.
        let is_waiting = waiting.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_waiting && matches!(unseen.has_changed(), Ok(false)) {
            return Poll::Pending;
        }
        waiting = Some(cx.waker().clone());
        stopped.as_mut().poll(cx).map(|_| None)
    })
    .await
}

/// The first bytes of HTTP/2. No method of a request for this server begins with them.
const PREFACE_START: &[u8] = b"PR";

/// How often HTTP/2 pings an idle connection. Without pings it never notices that a peer is gone.
const PING_INTERVAL: Duration = HEAD_TIMEOUT;
