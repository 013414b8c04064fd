//! A WebSocket of another node's session: bytes that pass through.

use std::fmt;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use engineio_hub::{Forward, LONGEST_READ, with_scratch};
use hyper::rt::{Read, ReadBuf, Sleep, Write};
use hyper::upgrade::{OnUpgrade, Upgraded};

use crate::Timer;
use crate::leaving::Leaving;
use crate::websocket::LONGEST_COPY;

/// Passes bytes between a client and the node of its session until both have ended, or one of them
/// and then `linger`.
///
/// It holds none of them while both sides take what comes, and at most [`LONGEST_COPY`] of each
/// direction otherwise.
pub(crate) struct Tunnel {
    client: Client,
    node: Upgraded,
    to_node: Flow,
    to_client: Flow,
    /// Runs once one side has ended.
    ending: Option<Pin<Box<dyn Sleep>>>,
    timer: Timer,
    forward: Forward,
    leaving: Leaving,
}

enum Client {
    /// Its 101 or 200 isn't written yet.
    Switching(OnUpgrade),
    Switched(Upgraded),
}

/// The bytes of one direction.
struct Flow {
    /// What was read and couldn't be written yet.
    rest: BytesMut,
    stage: Stage,
    is_unflushed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    /// The source has ended, and the other side is to see that.
    Ending,
    Ended,
}

impl Tunnel {
    pub(crate) fn new(
        client: OnUpgrade,
        node: Upgraded,
        forward: Forward,
        leaving: Leaving,
        timer: Timer,
    ) -> Self {
        Self {
            client: Client::Switching(client),
            node,
            to_node: Flow::new(),
            to_client: Flow::new(),
            ending: None,
            timer,
            forward,
            leaving,
        }
    }

    /// Ready when nothing more passes.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Client::Switching(upgrade) = &mut self.client {
            match ready!(Pin::new(upgrade).poll(cx)) {
                Ok(client) => self.client = Client::Switched(client),
                Err(_) => return Poll::Ready(()),
            }
        }
        let Client::Switched(client) = &mut self.client else { return Poll::Pending };
        self.leaving.poll(&self.forward, cx);
        let to_client = self.to_client.poll(&mut self.node, client, cx);
        let to_node = self.to_node.poll(client, &mut self.node, cx);
        match (to_client, to_node) {
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => Poll::Ready(()),
            (Poll::Ready(Err(_)), _) | (_, Poll::Ready(Err(_))) => Poll::Ready(()),
            (Poll::Pending, Poll::Pending) => Poll::Pending,
            (Poll::Ready(Ok(())), Poll::Pending) | (Poll::Pending, Poll::Ready(Ok(()))) => {
                let linger = || self.timer.sleep(self.forward.linger());
                self.ending.get_or_insert_with(linger).as_mut().poll(cx)
            }
        }
    }
}

impl Flow {
    fn new() -> Self {
        Self { rest: BytesMut::new(), stage: Stage::Open, is_unflushed: false }
    }

    /// Passes bytes on. Ready once the end has been passed on as well.
    fn poll(
        &mut self,
        from: &mut Upgraded,
        to: &mut Upgraded,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut passed = 0;
        loop {
            ready!(self.poll_write_rest(to, cx))?;
            match self.stage {
                Stage::Open if passed >= LONGEST_TURN => {
                    // Others have their turn.
                    cx.waker().wake_by_ref();
                    return self.flush(to, cx);
                }
                Stage::Open => match self.poll_pass(from, to, cx)? {
                    Poll::Ready(0) => self.stage = Stage::Ending,
                    Poll::Ready(count) => passed += count,
                    Poll::Pending => return self.flush(to, cx),
                },
                Stage::Ending => {
                    ready!(Pin::new(&mut *to).poll_shutdown(cx))?;
                    self.stage = Stage::Ended;
                }
                Stage::Ended => return Poll::Ready(Ok(())),
            }
        }
    }

    /// Reads once, and writes what it can of that. What is left is kept.
    fn poll_pass(
        &mut self,
        from: &mut Upgraded,
        to: &mut Upgraded,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        with_scratch(|scratch| {
            let part = scratch.get_mut(..LONGEST_COPY).unwrap_or_default();
            let mut buffer = ReadBuf::new(part);
            ready!(Pin::new(from).poll_read(cx, buffer.unfilled()))?;
            let mut bytes = buffer.filled();
            let count = bytes.len();
            while !bytes.is_empty() {
                let Poll::Ready(written) = self.poll_write(to, bytes, cx)? else { break };
                bytes.advance(written);
            }
            self.rest.extend_from_slice(bytes);
            Poll::Ready(Ok(count))
        })
    }

    fn poll_write_rest(&mut self, to: &mut Upgraded, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.rest.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let mut rest = std::mem::take(&mut self.rest);
        let written = loop {
            if rest.is_empty() {
                break Poll::Ready(Ok(()));
            }
            match self.poll_write(to, &rest, cx) {
                Poll::Ready(Ok(written)) => rest.advance(written),
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
        };
        if !rest.is_empty() {
            self.rest = rest;
        }
        written
    }

    fn poll_write(
        &mut self,
        to: &mut Upgraded,
        bytes: &[u8],
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(to).poll_write(cx, bytes))?;
        self.is_unflushed = true;
        Poll::Ready(if written == 0 { Err(ErrorKind::WriteZero.into()) } else { Ok(written) })
    }

    fn flush(&mut self, to: &mut Upgraded, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_unflushed && Pin::new(to).poll_flush(cx)?.is_ready() {
            self.is_unflushed = false;
        }
        Poll::Pending
    }
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel").field("forward", &self.forward).finish_non_exhaustive()
    }
}

/// How many bytes pass in one direction before others have their turn.
const LONGEST_TURN: usize = 2 * LONGEST_READ;
