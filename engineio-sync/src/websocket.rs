//! Moves the bytes of a WebSocket.

use std::io::IoSlice;
use std::task::{Context, Poll};

use engineio_hub::{Framed, Write};

use crate::stream::Stream;

/// Writes and reads as much as the stream takes and has, through `scratch`. It stops after a few
/// reads, so that other connections have their turn.
pub(crate) fn poll_websocket(
    stream: &mut impl Stream,
    framed: &mut Framed,
    scratch: &mut [u8],
    cx: &mut Context<'_>,
) -> Turn {
    for _ in 0..READS_PER_TURN {
        if write(stream, framed, cx).is_ready() || framed.poll_abort().is_ready() {
            return Turn::Ended;
        }
        if framed.poll_read(cx).is_pending() {
            return Turn::Waiting;
        }
        match stream.poll_read(scratch) {
            Poll::Pending => return Turn::Waiting,
            Poll::Ready(Ok(0)) => framed.ended(),
            Poll::Ready(Ok(count)) => framed.received(scratch.get(..count).unwrap_or_default()),
            Poll::Ready(Err(_)) => framed.failed(),
        }
    }
    Turn::Yielded
}

/// How the turn of a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing can be done before the next event, wake-up or deadline.
    Waiting,
    /// There may be more to do at once.
    Yielded,
    /// Drop the stream.
    Ended,
}

/// Ready when nothing more will be written.
fn write(stream: &mut impl Stream, framed: &mut Framed, cx: &mut Context<'_>) -> Poll<()> {
    while let Poll::Ready(write) = framed.poll_write(cx) {
        let written = match write {
            Write::Bytes([first, []]) => stream.poll_write(first),
            Write::Bytes(parts) => stream.poll_write_vectored(&parts.map(IoSlice::new)),
            Write::Shutdown => match stream.poll_shutdown() {
                Poll::Ready(Ok(())) => {
                    framed.shut_down();
                    continue;
                }
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Pending => Poll::Pending,
            },
            // The stream is dropped next. TLS tells the peer first.
            Write::End => return stream.poll_shutdown().map(drop),
        };
        match written {
            Poll::Ready(Ok(count)) if count > 0 => framed.written(count),
            Poll::Ready(Ok(_) | Err(_)) => {
                framed.failed();
                return Poll::Ready(());
            }
            Poll::Pending => break,
        }
    }
    Poll::Pending
}

/// How many times a connection reads in one turn.
const READS_PER_TURN: usize = 8;

/// In bytes. Large enough that system calls don't slow down a busy connection, small enough to stay
/// in the cache.
pub(crate) const SCRATCH_LEN: usize = 64 << 10;

/// The buffer that a thread lends to a connection that reads. A waiting connection holds none.
pub(crate) fn scratch() -> Box<[u8]> {
    vec![0; SCRATCH_LEN].into_boxed_slice()
}
