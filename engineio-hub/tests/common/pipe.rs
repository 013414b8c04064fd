//! A connection in memory, with bounds, cuts and resets like a network's.

use core::future::poll_fn;
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// One end of a connection. Dropping it resets the connection, unless it was shut down.
pub(crate) struct End {
    incoming: Arc<Mutex<Half>>,
    outgoing: Arc<Mutex<Half>>,
    /// Makes whole writes come one after the other.
    turnstile: Turnstile,
}

/// One direction.
struct Half {
    bytes: VecDeque<u8>,
    capacity: usize,
    /// The most that one read gives.
    most_per_read: usize,
    is_shut: bool,
    is_reset: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// The connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reset;

/// Makes a connection that holds this many bytes each way.
pub(crate) fn pipe(capacity: usize) -> (End, End) {
    let half = || {
        Arc::new(Mutex::new(Half {
            bytes: VecDeque::new(),
            capacity,
            most_per_read: usize::MAX,
            is_shut: false,
            is_reset: false,
            reader: None,
            writer: None,
        }))
    };
    let (one, other) = (half(), half());
    let end = |incoming: &_, outgoing: &_| End {
        incoming: Arc::clone(incoming),
        outgoing: Arc::clone(outgoing),
        turnstile: Turnstile::default(),
    };
    (end(&one, &other), end(&other, &one))
}

impl End {
    /// Limits how many bytes the other end gets at a time.
    pub(crate) fn cut_into(&self, most: usize) {
        self.outgoing.lock().unwrap().most_per_read = most;
    }

    pub(crate) fn poll_read(
        &self,
        cx: &Context<'_>,
        free: &mut [u8],
    ) -> Poll<Result<usize, Reset>> {
        let mut half = self.incoming.lock().unwrap();
        if half.is_reset {
            return Poll::Ready(Err(Reset));
        }
        let count = half.bytes.len().min(free.len()).min(half.most_per_read);
        if count == 0 && !half.is_shut {
            half.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        for (place, byte) in free.iter_mut().zip(half.bytes.drain(..count)) {
            *place = byte;
        }
        if half.bytes.is_empty() {
            half.bytes = VecDeque::new();
        }
        let writer = half.writer.take();
        drop(half);
        writer.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(count))
    }

    pub(crate) fn poll_write(&self, cx: &Context<'_>, bytes: &[u8]) -> Poll<Result<usize, Reset>> {
        let mut half = self.outgoing.lock().unwrap();
        if half.is_reset || half.is_shut {
            return Poll::Ready(Err(Reset));
        }
        let count = bytes.len().min(half.capacity - half.bytes.len());
        if count == 0 {
            half.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        half.bytes.extend(&bytes[..count]);
        let reader = half.reader.take();
        drop(half);
        reader.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(count))
    }

    pub(crate) async fn read(&self, free: &mut [u8]) -> Result<usize, Reset> {
        poll_fn(|cx| self.poll_read(cx, free)).await
    }

    /// Writes all bytes, with none of another task's in between.
    pub(crate) async fn write(&self, mut bytes: &[u8]) -> Result<(), Reset> {
        let _turn = self.turnstile.enter().await;
        while !bytes.is_empty() {
            let count = poll_fn(|cx| self.poll_write(cx, bytes)).await?;
            bytes = &bytes[count..];
        }
        Ok(())
    }

    /// Ends the writing side.
    pub(crate) fn shutdown(&self) {
        change(&self.outgoing, |half| half.is_shut = true);
    }

    pub(crate) fn reset(&self) {
        for half in [&self.incoming, &self.outgoing] {
            change(half, |half| half.is_reset = true);
        }
    }
}

fn change(half: &Mutex<Half>, change: impl FnOnce(&mut Half)) {
    let mut half = half.lock().unwrap();
    change(&mut half);
    let wakers = [half.reader.take(), half.writer.take()];
    drop(half);
    wakers.into_iter().flatten().for_each(Waker::wake);
}

impl Drop for End {
    fn drop(&mut self) {
        let is_shut = self.outgoing.lock().unwrap().is_shut;
        if is_shut {
            // Nothing is read any more: what the other end writes is lost silently.
            change(&self.incoming, |half| half.is_reset = true);
        } else {
            self.reset();
        }
    }
}

impl core::fmt::Debug for End {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("End")
    }
}

/// Lets one task in at a time.
#[derive(Default)]
struct Turnstile(Mutex<(bool, Vec<Waker>)>);

struct Turn<'a>(&'a Turnstile);

impl Turnstile {
    async fn enter(&self) -> Turn<'_> {
        poll_fn(|cx| {
            let mut state = self.0.lock().unwrap();
            if state.0 {
                state.1.push(cx.waker().clone());
                return Poll::Pending;
            }
            state.0 = true;
            Poll::Ready(Turn(self))
        })
        .await
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.0.0.lock().unwrap();
        state.0 = false;
        let waiting = core::mem::take(&mut state.1);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}
