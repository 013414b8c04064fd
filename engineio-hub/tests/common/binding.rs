//! Serves requests as a binding does.

use core::future::poll_fn;
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use engineio_hub::{Answer, Framed, Hub, LONGEST_READ, Wire, Write};
use engineio_proto::Failure;
use http::Response;
use http::request::Parts;

use super::executor::Task;
use super::pipe::{End, pipe};

/// The outcome of a request.
#[derive(Debug)]
pub(crate) enum Reply {
    Foreign,
    Response(Response<Bytes>),
    Upgraded(Response<()>, End),
}

/// A value that a task waits for.
pub(crate) struct Slot<T>(Arc<Mutex<(Option<T>, Option<Waker>)>>);

impl<T> Slot<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new((None, None))))
    }

    pub(crate) fn set(&self, value: T) {
        let mut slot = self.0.lock().unwrap();
        slot.0 = Some(value);
        let waker = slot.1.take();
        drop(slot);
        waker.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<T> {
        let mut slot = self.0.lock().unwrap();
        if let Some(value) = slot.0.take() {
            return Poll::Ready(value);
        }
        slot.1 = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// A request under way. Dropping it without an answer means that the client has left.
pub(crate) struct Call {
    pub(crate) server: Arc<Task>,
    pub(crate) body: Slot<Result<Bytes, Failure>>,
    pub(crate) reply: Slot<Reply>,
    pub(crate) is_over: bool,
}

impl Call {
    pub(crate) async fn reply(mut self) -> Reply {
        let reply = poll_fn(|cx| self.reply.poll(cx)).await;
        self.is_over = true;
        reply
    }

    pub(crate) async fn response(self) -> Response<Bytes> {
        match self.reply().await {
            Reply::Response(response) => response,
            other => panic!("an answer was expected, not {other:?}"),
        }
    }

    pub(crate) async fn status(self) -> u16 {
        self.response().await.status().as_u16()
    }

    pub(crate) async fn upgraded(self) -> End {
        match self.reply().await {
            Reply::Upgraded(_, end) => end,
            other => panic!("a 101 was expected, not {other:?}"),
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.is_over {
            self.server.abort();
        }
    }
}

/// Serves one request to its end.
pub(crate) async fn serve(
    hub: Hub<u32>,
    request: Parts,
    body: Slot<Result<Bytes, Failure>>,
    reply: Slot<Reply>,
    capacity: usize,
) {
    let Some(mut seat) = hub.admit(&request) else { return reply.set(Reply::Foreign) };
    drop((hub, request));
    let mut is_read = seat.body_limit().is_none();
    let answer = poll_fn(|cx| {
        if !is_read && let Poll::Ready(read) = body.poll(cx) {
            is_read = true;
            match read {
                Ok(body) => {
                    seat.data(body);
                    seat.end();
                }
                Err(why) => seat.failed(why),
            }
        }
        let answer = seat.poll_answer(cx);
        if let Poll::Ready(Answer::Yield) = answer {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        answer
    })
    .await;
    drop(seat);
    match answer {
        Answer::Respond { response, .. } => reply.set(Reply::Response(response)),
        Answer::Yield => {}
        Answer::Upgrade(response, framed) => {
            let (end, client) = pipe(capacity);
            reply.set(Reply::Upgraded(response, client));
            drop((reply, body));
            carry(end, framed).await;
        }
    }
}

/// Moves bytes between a stream and a WebSocket until either ends.
pub(crate) async fn carry(end: End, mut framed: Framed) {
    let mut scratch = [0; LONGEST_READ];
    poll_fn(|cx| poll_carry(&end, &mut framed, &mut scratch, cx)).await;
}

/// Moves what can be moved now, for one turn. Ready at the end of the connection.
pub(crate) fn poll_carry(
    end: &End,
    wire: &mut impl Wire,
    scratch: &mut [u8],
    cx: &mut Context<'_>,
) -> Poll<()> {
    loop {
        if write(end, wire, cx).is_ready() || wire.poll_abort().is_ready() {
            return Poll::Ready(());
        }
        let read = |cx: &mut Context<'_>, buffer: &mut [u8]| end.poll_read(cx, buffer);
        if wire.poll_receive(cx, scratch, read).is_pending() {
            return Poll::Pending;
        }
        if wire.is_turn_over() {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
    }
}

/// Ready at the end of the connection.
fn write(end: &End, wire: &mut impl Wire, cx: &mut Context<'_>) -> Poll<()> {
    while let Poll::Ready(write) = wire.poll_write(cx) {
        let bytes = match write {
            Write::Bytes([bytes, _]) => bytes,
            Write::Shutdown => {
                end.shutdown();
                wire.shut_down();
                continue;
            }
            Write::End => {
                end.shutdown();
                return Poll::Ready(());
            }
        };
        match end.poll_write(cx, bytes) {
            Poll::Ready(Ok(count)) => wire.written(count),
            Poll::Ready(Err(_)) => {
                wire.failed();
                return Poll::Ready(());
            }
            Poll::Pending => return Poll::Pending,
        }
    }
    Poll::Pending
}
