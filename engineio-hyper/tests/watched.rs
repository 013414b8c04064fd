//! The timeouts of a stalled peer.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::time::Duration;

use engineio_hyper::Watched;
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::rt::TokioTimer;
use tokio::time::Instant;

const OPENING: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(45);

/// A stream that delivers nothing, and takes so many bytes.
struct Stuck {
    room: usize,
}

impl Read for Stuck {
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        _buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl Write for Stuck {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let count = self.room.min(bytes.len());
        self.room -= count;
        if count == 0 { Poll::Pending } else { Poll::Ready(Ok(count)) }
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

fn stuck(room: usize) -> Watched<Stuck> {
    static TIMER: LazyLock<TokioTimer> = LazyLock::new(TokioTimer::new);
    Watched::new(Stuck { room }, &*TIMER, OPENING, PATIENCE)
}

/// Fails the test unless the future times out after this time.
async fn assert_times_out(
    limit: Duration,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<io::Result<()>>,
) {
    let start = Instant::now();
    let error = poll_fn(|cx| poll(cx)).await.expect_err("it can't go on");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let took = start.elapsed();
    assert!((limit..limit + Duration::from_millis(10)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn peer_that_says_nothing_is_given_up_after_the_opening() {
    let mut stream = stuck(0);
    let mut bytes = [0; 100];
    let mut buffer = ReadBuf::new(&mut bytes);
    assert_times_out(OPENING, |cx| Pin::new(&mut stream).poll_read(cx, buffer.unfilled())).await;
}

#[tokio::test(start_paused = true)]
async fn peer_that_takes_nothing_is_given_up_wherever_the_bytes_wait() {
    let mut stream = stuck(0);
    let mut write = |cx: &mut Context<'_>| Pin::new(&mut stream).poll_write(cx, b"hello");
    assert_times_out(PATIENCE, |cx| write(cx).map_ok(drop)).await;
    let mut stream = stuck(100);
    let written = poll_fn(|cx| Pin::new(&mut stream).poll_write(cx, b"hello")).await;
    assert_eq!(written.expect("room"), 5);
    assert_times_out(PATIENCE, |cx| Pin::new(&mut stream).poll_flush(cx)).await;
    let mut stream = stuck(100);
    assert_times_out(PATIENCE, |cx| Pin::new(&mut stream).poll_shutdown(cx)).await;
}
