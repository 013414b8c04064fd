//! Moving bytes between a stream and a session's WebSocket.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use engineio_hub::http1::ServerConnection;
use engineio_hub::{Data, Framed, Wire, Write as ToWrite, with_scratch};
use hyper::rt::{Read, ReadBuf, Write};
use hyper::upgrade::{OnUpgrade, Upgraded};

use crate::span;
use crate::tunnel::Tunnel;
use crate::turns::{Turns, Yield};

/// A WebSocket whose 101, or over HTTP/2 whose 200, isn't written yet.
#[derive(Debug)]
pub struct Switching(Place);

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once")]
enum Place {
    Here(Here),
    Elsewhere(Box<Tunnel>),
}

/// A WebSocket of a session of this server.
#[derive(Debug)]
struct Here {
    upgrade: OnUpgrade,
    framed: Framed,
    is_http2: bool,
}

impl Switching {
    /// A WebSocket of a session of this server.
    pub(crate) const fn here(upgrade: OnUpgrade, framed: Framed, is_http2: bool) -> Self {
        Self(Place::Here(Here { upgrade, framed, is_http2 }))
    }

    /// A WebSocket of another node's session.
    pub(crate) fn elsewhere(tunnel: Tunnel) -> Self {
        Self(Place::Elsewhere(Box::new(tunnel)))
    }

    /// Whether its session is another node's, so that it doesn't end with the sessions of this
    /// server.
    pub const fn is_forwarded(&self) -> bool {
        matches!(self.0, Place::Elsewhere(_))
    }
}

/// Carries a WebSocket to its end, once its 101 or 200 is written. Spawn it as a task.
pub fn carry(switching: Switching, yield_turn: Yield) -> impl Future<Output = ()> {
    let (sid, carrying) = match switching.0 {
        Place::Here(here) => (here.framed.sid(), Carrying::Switching(Some((here, yield_turn)))),
        Place::Elsewhere(tunnel) => (None, Carrying::Tunnel(tunnel)),
    };
    span::websocket(sid.as_ref(), carrying)
}

/// What carries a WebSocket, ready at its end.
pub type WebSocketTask = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Carries a WebSocket to its end whose 101 is written.
pub fn carry_switched<S>(carrier: Box<Carrier<S>>) -> WebSocketTask
where
    S: Read + Write + Send + Unpin + 'static,
{
    let sid = carrier.wire.sid();
    span::boxed_websocket(sid.as_ref(), carrier)
}

impl<S: Read + Write + Unpin> Future for Carrier<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Self::poll(&mut self, cx)
    }
}

/// A future by hand, since an `async fn` would hold the connection twice.
enum Carrying {
    /// The answer isn't written yet. `None` only while it moves on.
    Switching(Option<(Here, Yield)>),
    Switched(Carrier<Upgraded>),
    Tunnel(Box<Tunnel>),
}

impl Future for Carrying {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if let Self::Switching(place) = &mut *self {
            let Some((switching, _)) = place else { return Poll::Ready(()) };
            let upgraded = ready!(Pin::new(&mut switching.upgrade).poll(cx));
            // Without a connection, dropping `framed` tells the session.
            let (Ok(upgraded), Some((switching, yield_turn))) = (upgraded, place.take()) else {
                return Poll::Ready(());
            };
            let Here { framed, is_http2, .. } = switching;
            let carrier = Carrier::new(upgraded, framed, yield_turn);
            *self = Self::Switched(Carrier { is_http2, ..carrier });
        }
        match &mut *self {
            Self::Switching(_) => Poll::Pending,
            Self::Switched(carrier) => carrier.poll(cx),
            Self::Tunnel(tunnel) => tunnel.poll(cx),
        }
    }
}

/// Moves bytes between a stream and a session's WebSocket, or a connection that may become one.
#[derive(Debug)]
pub struct Carrier<S, W = Framed> {
    /// Dropped first: a session hears of its end before the connection is counted no more.
    wire: W,
    stream: S,
    /// The stream still holds bytes that it has taken, as one with TLS may.
    is_unflushed: bool,
    /// The stream is one of several of its connection.
    is_http2: bool,
    turns: Turns,
}

impl<S, D: Data> Carrier<S, ServerConnection<D>> {
    /// The WebSocket that the connection has become, if it has.
    pub(crate) fn switched(mut self) -> Option<Carrier<S>> {
        let wire = self.wire.take_websocket()?;
        let Self { stream, is_unflushed, is_http2, turns, .. } = self;
        Some(Carrier { stream, wire, is_unflushed, is_http2, turns })
    }
}

impl<S, W> Carrier<S, W> {
    pub(crate) const fn wire_mut(&mut self) -> &mut W {
        &mut self.wire
    }

    pub(crate) fn into_stream(self) -> S {
        self.stream
    }
}

impl<S: Read + Write + Unpin, W: Wire> Carrier<S, W> {
    /// Makes a carrier. It moves nothing before it is polled.
    pub const fn new(stream: S, wire: W, yield_turn: Yield) -> Self {
        let turns = Turns::new(yield_turn);
        Self { stream, wire, is_unflushed: false, is_http2: false, turns }
    }

    /// Whether others have their turn.
    pub(crate) const fn gives_way(&self) -> bool {
        self.turns.are_others()
    }

    /// Writes and reads until neither makes progress or others should have a turn. Ready at the end
    /// of the connection.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.turns.poll(cx));
            if self.poll_write(cx).is_ready() || self.wire.poll_abort().is_ready() {
                return Poll::Ready(());
            }
            if self.poll_read(cx).is_pending() {
                return Poll::Pending;
            }
            if self.wire.is_turn_over() {
                self.turns.end();
            }
        }
    }

    /// Ready at the end of the connection.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut has_written = false;
        while let Poll::Ready(write) = self.wire.poll_write(cx) {
            let is_sound = match write {
                ToWrite::Bytes(bytes) => {
                    let stream = Pin::new(&mut self.stream);
                    let written = match bytes {
                        [first, _] if self.is_http2 => {
                            let part = first.get(..LONGEST_COPY).unwrap_or(first);
                            stream.poll_write(cx, part)
                        }
                        [first, []] => stream.poll_write(cx, first),
                        parts => stream.poll_write_vectored(cx, &parts.map(IoSlice::new)),
                    };
                    let count = ready!(written).unwrap_or(0);
                    self.wire.written(count);
                    has_written = true;
                    count > 0
                }
                ToWrite::Shutdown => ready!(self.poll_shutdown(cx)),
                ToWrite::End => return self.poll_end(cx),
            };
            if !is_sound {
                self.wire.failed();
                return Poll::Ready(());
            }
        }
        if has_written || self.is_unflushed {
            match Pin::new(&mut self.stream).poll_flush(cx) {
                Poll::Ready(Ok(())) => self.is_unflushed = false,
                Poll::Ready(Err(_)) => {
                    self.wire.failed();
                    return Poll::Ready(());
                }
                Poll::Pending => self.is_unflushed = true,
            }
        }
        Poll::Pending
    }

    /// Ends the writing side. Ready with whether that was possible.
    #[cold]
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let end = ready!(Pin::new(&mut self.stream).poll_shutdown(cx));
        self.wire.shut_down();
        Poll::Ready(end.is_ok())
    }

    /// Closes the stream.
    #[cold]
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let end = ready!(Pin::new(&mut self.stream).poll_shutdown(cx));
        if self.is_http2 && end.is_ok() { self.poll_rest(cx) } else { Poll::Ready(()) }
    }

    /// Reads up to the end of the stream, for nothing. One that is dropped before is reset, which
    /// stands for the reset of a TCP connection (RFC 8441, section 5).
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let has_more = with_scratch(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            let read = Pin::new(&mut self.stream).poll_read(cx, buffer.unfilled());
            read.map(|read| read.is_ok() && !buffer.filled().is_empty())
        });
        if ready!(has_more) {
            // Others have their turn.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    /// Ready after a read that returned bytes or the end.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self { stream, wire, .. } = self;
        with_scratch(|scratch| {
            wire.poll_receive(cx, scratch, |cx, buffer| {
                let mut buffer = ReadBuf::new(buffer);
                ready!(Pin::new(stream).poll_read(cx, buffer.unfilled()))?;
                Poll::Ready(io::Result::Ok(buffer.filled().len()))
            })
        })
    }
}

/// The most bytes of one write to a stream of HTTP/2, as long as a frame may be by default.
///
/// hyper copies each write, holds up to three of them while the peer has no room, and keeps them
/// until the connection ends if the peer never has any. This bounds what a peer can make it keep
/// for a WebSocket that is over.
pub(crate) const LONGEST_COPY: usize = 16 << 10;
