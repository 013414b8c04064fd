//! A WebSocket: what the server says is the response's body, what the client says is the request's.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use bytes::{Buf, BufMut, Bytes, BytesMut};
use engineio_hub::{Framed, Write, with_scratch};
use futures_core::Stream;

/// Carries a WebSocket to its end. It runs in the task of its connection.
pub(crate) struct WebSocketBody {
    framed: Framed,
    client: Payload,
    /// What the session has no room for yet.
    unread: Bytes,
}

impl WebSocketBody {
    pub(crate) const fn new(framed: Framed, client: Payload) -> Self {
        Self { framed, client, unread: Bytes::new() }
    }

    /// Ready with the next bytes to write, or with `None` at the end.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            match ready!(self.framed.poll_write(cx)) {
                Write::Bytes(parts) => {
                    let mut bytes = BytesMut::new();
                    for part in parts {
                        let room = LONGEST_WRITE - bytes.len();
                        bytes.put(part.get(..room).unwrap_or(part));
                    }
                    self.framed.written(bytes.len());
                    return Poll::Ready(Some(bytes.freeze()));
                }
                // actix-web ends both directions or none: the client's end is waited for.
                Write::Shutdown => self.framed.shut_down(),
                Write::End => return Poll::Ready(None),
            }
        }
    }

    /// Ready after a read that returned bytes or the end.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Self { framed, client, unread } = self;
        with_scratch(|scratch| {
            framed.poll_receive(cx, scratch, |cx, buffer| {
                while unread.is_empty() {
                    match ready!(Pin::new(&mut *client).poll_next(cx)) {
                        Some(bytes) => *unread = bytes?,
                        None => return Poll::Ready(Ok::<_, PayloadError>(0)),
                    }
                }
                let count = unread.len().min(buffer.len());
                let (front, _) = buffer.split_at_mut(count);
                unread.copy_to_slice(front);
                Poll::Ready(Ok(count))
            })
        })
    }
}

impl MessageBody for WebSocketBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        loop {
            if let Poll::Ready(next) = self.poll_write(cx) {
                return Poll::Ready(next.map(Ok));
            }
            if self.framed.poll_abort().is_ready() {
                return Poll::Ready(None);
            }
            ready!(self.poll_read(cx));
            if self.framed.is_turn_over() {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}

/// As much as actix-web takes before it writes.
const LONGEST_WRITE: usize = 32 << 10;
