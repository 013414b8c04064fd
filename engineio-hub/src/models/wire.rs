//! A connection in memory, and the thread that carries its WebSocket.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use shuttle::future::block_on;
use shuttle::sync::Mutex;

use crate::{Framed, Write};

#[derive(Default)]
struct State {
    to_server: VecDeque<u8>,
    to_client: VecDeque<u8>,
    /// The client has ended its side.
    is_shut: bool,
    /// The client is gone.
    is_reset: bool,
    /// The server is done.
    is_over: bool,
    server: Option<Waker>,
    client: Option<Waker>,
}

type Shared = Arc<Mutex<State>>;

/// The server's end.
pub(super) struct Stream(Shared);

/// The client's end. It sends and takes text frames of up to 125 bytes.
#[derive(Clone)]
pub(super) struct Client(Shared);

pub(super) fn wire() -> (Stream, Client) {
    let shared = Shared::default();
    (Stream(Arc::clone(&shared)), Client(shared))
}

/// Changes the state, and wakes who waits for a change.
fn change(shared: &Shared, change: impl FnOnce(&mut State)) {
    let mut state = shared.lock().expect("no panic");
    change(&mut state);
    let wakers = [state.server.take(), state.client.take()];
    drop(state);
    wakers.into_iter().flatten().for_each(Waker::wake);
}

impl Stream {
    fn poll_read(&self, cx: &Context<'_>, most: usize) -> Poll<Option<Vec<u8>>> {
        let mut state = self.0.lock().expect("no panic");
        if state.is_reset {
            return Poll::Ready(None);
        }
        if state.to_server.is_empty() && !state.is_shut {
            state.server = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = state.to_server.len().min(most);
        Poll::Ready(Some(state.to_server.drain(..count).collect()))
    }

    /// Takes bytes while the client has fewer than a few frames to read.
    fn poll_write(&self, cx: &Context<'_>, bytes: &[u8]) -> Poll<Option<usize>> {
        let mut count = 0;
        let mut state = self.0.lock().expect("no panic");
        if state.is_reset {
            return Poll::Ready(None);
        }
        if state.to_client.len() >= CAPACITY {
            state.server = Some(cx.waker().clone());
            return Poll::Pending;
        }
        drop(state);
        change(&self.0, |state| {
            count = bytes.len().min(CAPACITY - state.to_client.len().min(CAPACITY));
            state.to_client.extend(bytes.iter().take(count));
        });
        Poll::Ready(Some(count))
    }

    pub(super) fn end(&self) {
        change(&self.0, |state| state.is_over = true);
    }
}

/// As much as an open packet needs.
const CAPACITY: usize = 200;

/// Moves bytes as a binding does, until the connection ends.
pub(super) fn carry(stream: &Stream, mut framed: Framed) {
    block_on(poll_fn(|cx| {
        loop {
            if write(stream, &mut framed, cx).is_ready() || framed.poll_abort().is_ready() {
                return Poll::Ready(());
            }
            let Poll::Ready(most) = framed.poll_read(cx) else { return Poll::Pending };
            match stream.poll_read(cx, most) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => framed.failed(),
                Poll::Ready(Some(bytes)) if bytes.is_empty() => framed.ended(),
                Poll::Ready(Some(bytes)) => framed.received(&bytes),
            }
        }
    }));
}

/// Ready at the end of the connection.
fn write(stream: &Stream, framed: &mut Framed, cx: &mut Context<'_>) -> Poll<()> {
    while let Poll::Ready(write) = framed.poll_write(cx) {
        let bytes = match write {
            Write::Bytes([bytes, _]) => bytes,
            Write::Shutdown => {
                framed.shut_down();
                continue;
            }
            Write::End => return Poll::Ready(()),
        };
        match stream.poll_write(cx, bytes) {
            Poll::Ready(Some(count)) => framed.written(count),
            Poll::Ready(None) => {
                framed.failed();
                return Poll::Ready(());
            }
            Poll::Pending => return Poll::Pending,
        }
    }
    Poll::Pending
}

impl Client {
    /// Sends a packet.
    pub(super) fn say(&self, packet: &str) {
        self.frame_of(0x81, packet.as_bytes());
    }

    fn frame_of(&self, first: u8, payload: &[u8]) {
        let length = u8::try_from(payload.len()).expect("a short frame");
        change(&self.0, |state| {
            state.to_server.extend([first, 0x80 | length, 0, 0, 0, 0]);
            state.to_server.extend(payload);
        });
    }

    /// The next packet. `None` at the end, which it answers.
    pub(super) fn frame(&self) -> Option<String> {
        let frame = block_on(poll_fn(|cx| self.poll_frame(cx)));
        if frame.is_none() {
            self.shut();
        }
        frame
    }

    fn poll_frame(&self, cx: &Context<'_>) -> Poll<Option<String>> {
        let mut state = self.0.lock().expect("no panic");
        let bytes = state.to_client.make_contiguous();
        let (first, head, length): (u8, usize, usize) = match *bytes {
            [first, 126, high, low, ..] => (first, 4, usize::from(u16::from_be_bytes([high, low]))),
            [first, length @ 0..126, ..] => (first, 2, usize::from(length)),
            _ => (0, 0, usize::MAX),
        };
        let payload = bytes.get(head..head.saturating_add(length)).map(<[u8]>::to_vec);
        let Some(payload) = payload else {
            if state.is_over || state.is_reset {
                return Poll::Ready(None);
            }
            state.client = Some(cx.waker().clone());
            return Poll::Pending;
        };
        drop(state);
        change(&self.0, |state| drop(state.to_client.drain(..head + length)));
        if first == 0x88 {
            return Poll::Ready(None);
        }
        Poll::Ready(Some(String::from_utf8(payload).expect("UTF-8")))
    }

    /// Ends the client's side.
    pub(super) fn shut(&self) {
        change(&self.0, |state| state.is_shut = true);
    }

    /// Ends the connection as a crash would.
    pub(super) fn reset(&self) {
        change(&self.0, |state| state.is_reset = true);
    }

    /// Waits until the server has let the connection go.
    pub(super) fn await_end(&self) {
        block_on(poll_fn(|cx| {
            let mut state = self.0.lock().expect("no panic");
            if state.is_over {
                return Poll::Ready(());
            }
            state.client = Some(cx.waker().clone());
            Poll::Pending
        }));
    }
}
