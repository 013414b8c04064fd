//! Moves the bytes of a connection.

use std::io::IoSlice;
use std::task::{Context, Poll};

use engineio_hub::{LONGEST_READ, Wire, Write};

use crate::stream::Stream;

/// Writes and reads as much as the stream takes and has, through `scratch`. It stops when other
/// connections should have their turn.
pub(crate) fn carry(
    stream: &mut impl Stream,
    wire: &mut impl Wire,
    scratch: &mut [u8],
    cx: &mut Context<'_>,
) -> Turn {
    loop {
        if write(stream, wire, cx).is_ready() || wire.poll_abort().is_ready() {
            return Turn::Ended;
        }
        if wire.poll_receive(cx, scratch, |_, buffer| stream.poll_read(buffer)).is_pending() {
            return Turn::Waiting;
        }
        if wire.is_turn_over() {
            return Turn::Yielded;
        }
    }
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
fn write(stream: &mut impl Stream, wire: &mut impl Wire, cx: &mut Context<'_>) -> Poll<()> {
    while let Poll::Ready(write) = wire.poll_write(cx) {
        let written = match write {
            Write::Bytes([first, []]) => stream.poll_write(first),
            Write::Bytes(parts) => stream.poll_write_vectored(&parts.map(IoSlice::new)),
            Write::Shutdown => match stream.poll_shutdown() {
                Poll::Ready(Ok(())) => {
                    wire.shut_down();
                    continue;
                }
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Pending => Poll::Pending,
            },
            // The stream is dropped next. TLS tells the peer first.
            Write::End => return stream.poll_shutdown().map(drop),
        };
        match written {
            Poll::Ready(Ok(count)) if count > 0 => wire.written(count),
            Poll::Ready(Ok(_) | Err(_)) => {
                wire.failed();
                return Poll::Ready(());
            }
            Poll::Pending => break,
        }
    }
    Poll::Pending
}

/// The buffer that a thread lends to a connection that reads. A waiting connection holds none.
pub(crate) fn scratch() -> Box<[u8]> {
    vec![0; LONGEST_READ].into_boxed_slice()
}
