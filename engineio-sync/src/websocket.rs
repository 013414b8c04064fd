//! Carries a WebSocket.

use std::task::{Context, Poll};

use engineio_hub::{Framed, Write};

use crate::stream::Stream;

/// Writes what there is, and reads what may be read, through `scratch`. Ready when the stream is
/// to be dropped. It stops after a few reads, so that others have their turn: `Yield`.
pub(crate) fn carry(
    stream: &mut impl Stream,
    framed: &mut Framed,
    scratch: &mut [u8],
    cx: &mut Context<'_>,
) -> Next {
    for _ in 0..READS_PER_TURN {
        if write(stream, framed, cx).is_ready() || framed.poll_abort().is_ready() {
            return Next::End;
        }
        if framed.poll_read(cx).is_pending() {
            return Next::Wait;
        }
        match stream.poll_read(scratch) {
            Poll::Pending => return Next::Wait,
            Poll::Ready(Ok(0)) => framed.ended(),
            Poll::Ready(Ok(count)) => framed.received(scratch.get(..count).unwrap_or_default()),
            Poll::Ready(Err(_)) => framed.failed(),
        }
    }
    Next::Yield
}

/// How the turn of a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing can be done before the next event or wake-up.
    Wait,
    /// There may be more to do at once.
    Yield,
    /// Drop the stream.
    End,
}

/// Ready when nothing more will be written.
fn write(stream: &mut impl Stream, framed: &mut Framed, cx: &mut Context<'_>) -> Poll<()> {
    while let Poll::Ready(write) = framed.poll_write(cx) {
        let written = match write {
            Write::Bytes(bytes) => stream.poll_write(bytes),
            Write::Shutdown => match stream.poll_shutdown() {
                Poll::Ready(Ok(())) => {
                    framed.shut_down();
                    continue;
                }
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Pending => Poll::Pending,
            },
            // To close is to end both sides; TLS says so to the peer first.
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

/// How often one connection reads before the others have their turn.
const READS_PER_TURN: usize = 16;

/// Large enough that a busy connection isn't bound by system calls, small enough to stay in the
/// cache.
pub(crate) const SCRATCH_LEN: usize = 16 << 10;

/// What a thread lends to the connection that reads. One that waits holds none.
pub(crate) fn scratch() -> Box<[u8]> {
    vec![0; SCRATCH_LEN].into_boxed_slice()
}
