//! A connection of HTTP/1.1, without hyper's own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use engineio_hub::http1::{ServerConnection, Settings};
use engineio_hub::listener::Permit;
use engineio_hub::{Data, Hub, RemoteAddr};
use engineio_proto::Instant;
use hyper::rt::{Read, Write};

use crate::lazy_timer::Running;
use crate::websocket::Carrier;
use crate::{Timer, Watched, Yield};

/// Serves the requests of a connection, to its end or until it turns out to be something else.
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

/// What a connection is now.
///
/// Boxed, so that what awaits it needs no room for it.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a binding must handle every variant")]
pub enum Ended<S> {
    /// Nothing any more.
    Over,
    /// A WebSocket, to be carried by [`carry_switched`](crate::carry_switched).
    WebSocket(Box<Carrier<Watched<S>>>),
    /// One of HTTP/2, if the settings ask for such.
    Http2(Box<Http2Start<S>>),
}

/// A connection of HTTP/2 that is to be served.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a binding takes it apart")]
pub struct Http2Start<S> {
    /// Its stream.
    pub stream: S,
    /// What has come of it already.
    pub first: Bytes,
    /// Its place among the connections of the server.
    pub permit: Option<Permit>,
}

impl<S, D: Data> Carrier<Watched<S>, ServerConnection<D>> {
    fn ended(mut self) -> Ended<S> {
        if let Some(first) = self.wire_mut().take_http2() {
            let (stream, permit) = self.into_stream().into_parts();
            return Ended::Http2(Box::new(Http2Start { stream, first, permit }));
        }
        self.switched().map_or(Ended::Over, |websocket| Ended::WebSocket(Box::new(websocket)))
    }
}

impl<S: Read + Write + Unpin, D: Data> Future for ConnectionTask<S, D> {
    type Output = Ended<S>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(carrier) = &mut this.carrier else { return Poll::Ready(Ended::Over) };
        if carrier.poll(cx).is_ready() {
            return Poll::Ready(this.carrier.take().map_or(Ended::Over, Carrier::ended));
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
