//! A connection of HTTP/1.1, without hyper's own.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use engineio_hub::http1::ServerConnection;
use engineio_hub::{Data, Hub};
use engineio_proto::Instant;
use hyper::rt::{Read, Sleep, Write};

use crate::websocket::Carrier;
use crate::{Timer, Yield};

/// Serves the requests of a connection, to its end or until it becomes a WebSocket: spawn that as a
/// task of its own, with [`carry_switched`](crate::carry_switched).
///
/// hyper keeps a buffer for reading and one for writing, of 8 KiB each, as long as a connection is
/// open. Here one that waits holds neither.
#[must_use = "it serves only while it is polled"]
pub struct ConnectionTask<S, D: Data> {
    /// `None`: it has ended.
    carrier: Option<Carrier<S, ServerConnection<D>>>,
    hub: Hub<D>,
    timer: Timer,
    /// It goes on running while the deadline moves to later times, as it nearly always does.
    running: Option<Running>,
}

/// A timer of the executor.
struct Running {
    until: Instant,
    sleep: Pin<Box<dyn Sleep>>,
}

impl<S: Read + Write + Unpin, D: Data> ConnectionTask<S, D> {
    /// Serves this connection of a server over a stream.
    pub fn new(
        hub: Hub<D>,
        connection: ServerConnection<D>,
        stream: S,
        timer: Timer,
        yield_turn: Yield,
    ) -> Self {
        let carrier = Carrier::new(stream, connection, yield_turn);
        Self { carrier: Some(carrier), hub, timer, running: None }
    }

    /// Says that the server stops: the connection ends after the answer that it is about to give.
    pub const fn stop(&mut self) {
        if let Some(carrier) = &mut self.carrier {
            carrier.wire().stop();
        }
    }

    /// Ready when the connection's deadline has come.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let carrier = self.carrier.as_mut();
            let deadline = carrier.and_then(|carrier| carrier.wire().deadline());
            let Some(deadline) = deadline else { return Poll::Pending };
            // One that ends later would be too late.
            let running = self.running.take().filter(|running| running.until <= deadline);
            let running = running.unwrap_or_else(|| {
                let left = deadline.saturating_since(self.hub.now());
                Running { until: deadline, sleep: self.timer.sleep(left) }
            });
            let running = self.running.insert(running);
            ready!(running.sleep.as_mut().poll(cx));
            let until = running.until;
            self.running = None;
            if until >= deadline {
                return Poll::Ready(());
            }
        }
    }
}

impl<S: Read + Write + Unpin, D: Data> Future for ConnectionTask<S, D> {
    /// Boxed, so that what awaits it needs no room for one.
    type Output = Option<Box<Carrier<S>>>;

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
        ready!(this.poll_deadline(cx));
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
