//! Bytes that wait to be written to a connection.

use std::collections::VecDeque;
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf, Bytes};
use engineio_proto::Instant;

use crate::stream::Stream;

/// Bytes that wait to be written.
#[derive(Default)]
pub(super) struct Output {
    parts: VecDeque<Bytes>,
    /// When the peer has to have taken some, at the latest.
    until: Option<Instant>,
}

/// The connection can't be written to, or its peer is too slow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stuck;

impl Output {
    pub(super) fn push(&mut self, bytes: impl Into<Bytes>) {
        self.parts.push_back(bytes.into());
    }

    /// Adds a head and its body, as one piece where copying is cheap.
    pub(super) fn push_with_body(&mut self, mut head: Vec<u8>, body: Bytes) {
        if body.len() <= JOINED {
            head.extend_from_slice(&body);
            self.push(head);
        } else {
            self.push(head);
            self.push(body);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// Writes what the stream takes. Ready when nothing is left.
    pub(super) fn poll_write(
        &mut self,
        stream: &mut impl Stream,
        now: Instant,
        patience: Duration,
    ) -> Poll<Result<(), Stuck>> {
        while let Some(part) = self.parts.front_mut() {
            if part.is_empty() {
                self.parts.pop_front();
                continue;
            }
            match stream.poll_write(part) {
                Poll::Ready(Ok(count)) if count > 0 => {
                    part.advance(count.min(part.len()));
                    self.until = None;
                }
                Poll::Ready(Ok(_) | Err(_)) => return Poll::Ready(Err(Stuck)),
                Poll::Pending => {
                    let until = *self.until.get_or_insert(now + patience);
                    return if until <= now { Poll::Ready(Err(Stuck)) } else { Poll::Pending };
                }
            }
        }
        // A waiting connection holds no memory for what it wrote.
        *self = Self::default();
        Poll::Ready(Ok(()))
    }
}

/// The longest body that is copied behind its head, in bytes, for one write instead of two.
const JOINED: usize = 8 << 10;
