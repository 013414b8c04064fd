//! A connection of HTTP/1.1, without hyper's own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use engineio_hub::http1::{ServerConnection, Settings};
use engineio_hub::listener::Permit;
use engineio_hub::{Data, Hub, RemoteAddr};
use engineio_proto::Instant;
use hyper::rt::{Read, Write};

use crate::lazy_timer::Running;
use crate::websocket::Carrier;
use crate::{Timer, Watched, Yield};

/// Serves the requests of a connection, to its end or until it becomes a WebSocket: spawn that as a
/// task of its own, with [`carry_switched`](crate::carry_switched).
///
/// hyper keeps a buffer for reading and one for writing, of 8 KiB each, as long as a connection is
/// open. Here one that waits holds neither.
#[must_use = "it serves only while it is polled"]
pub struct ConnectionTask<S, D: Data> {
    /// `None`: it has ended.
    carrier: Option<Carrier<Watched<S>, ServerConnection<D>>>,
    timer: Timer,
    /// It goes on running while the deadline moves to later times, as it nearly always does.
    running: Option<Running<Instant>>,
}

impl<S: Read + Write + Unpin, D: Data> ConnectionTask<S, D> {
    /// Serves a connection of this server over a stream, from this peer if it has an address. It
    /// keeps the permit as long as the stream. The peer may take no bytes for the settings'
    /// `idle_timeout`.
    pub fn new(
        hub: &Hub<D>,
        settings: &Arc<Settings>,
        stream: S,
        peer: Option<RemoteAddr>,
        permit: Option<Permit>,
        timer: Timer,
        yield_turn: Yield,
    ) -> Self {
        let stream = Watched::opened(stream, timer, settings.idle_timeout).holding(permit);
        let connection = ServerConnection::new(hub, settings, peer);
        let carrier = Some(Carrier::new(stream, connection, yield_turn));
        Self { carrier, timer, running: None }
    }

    /// Says that the server stops: the connection ends after the answer that it is about to give.
    pub fn stop(&mut self) {
        if let Some(carrier) = &mut self.carrier {
            carrier.wire_mut().stop();
        }
    }
}

impl<S: Read + Write + Unpin, D: Data> Future for ConnectionTask<S, D> {
    /// Boxed, so that what awaits it needs no room for one.
    type Output = Option<Box<Carrier<Watched<S>>>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(carrier) = &mut this.carrier else { return Poll::Ready(None) };
        if carrier.poll(cx).is_ready() {
            let switched = this.carrier.take().and_then(Carrier::switched);
            return Poll::Ready(switched.map(Box::new));
        }
        if carrier.gives_way() {
            return Poll::Pending;
        }
        let connection = carrier.wire_mut();
        let Some(deadline) = connection.deadline() else { return Poll::Pending };
        let timer = this.timer;
        let start = || timer.sleep(deadline.saturating_since(connection.now()));
        ready!(Running::poll(&mut this.running, deadline, start, cx));
        // What is due is done in a turn of its own.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl<S, D: Data> fmt::Debug for ConnectionTask<S, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionTask").finish_non_exhaustive()
    }
}
