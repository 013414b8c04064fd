//! Closing a server within a time limit.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use engineio_hub::{Data, Hub};
use engineio_proto::Instant;
use hyper::rt::Sleep;

use crate::Timer;

/// Closes all sessions, waits until what passes through to other nodes has left, and cuts off what
/// is left after three quarters of `within`. Ready when the last session is gone, after `within` at
/// the latest. Returns how long connections may go on after that to write last answers.
///
/// A task must [`drive`](crate::drive) the hub meanwhile.
pub async fn close<D: Data>(hub: &Hub<D>, within: Duration, timer: Timer) -> Duration {
    let start = hub.now();
    hub.close(within);
    see_off(hub, start, within, timer).await
}

/// As [`close`], with the sessions spread over the first half of `within`.
pub async fn drain<D: Data>(hub: &Hub<D>, within: Duration, timer: Timer) -> Duration {
    let start = hub.now();
    hub.drain(within);
    see_off(hub, start, within, timer).await
}

async fn see_off<D: Data>(
    hub: &Hub<D>,
    start: Instant,
    within: Duration,
    timer: Timer,
) -> Duration {
    let closed = || poll_fn(|cx| hub.poll_closed(cx));
    let last_quarter = within / 4;
    let quiet = async {
        closed().await;
        // Other nodes' sessions aren't to be lost.
        poll_fn(|cx| hub.poll_forwarded(cx)).await;
    };
    if !is_in_time(quiet, timer.sleep(within.saturating_sub(last_quarter))).await {
        hub.abort();
        // Close frames and last answers may still leave.
        is_in_time(closed(), timer.sleep(last_quarter)).await;
    }
    let left = within.saturating_sub(hub.now().saturating_since(start));
    left.min(hub.config().linger()).min(A_DAY)
}

/// More could overflow a clock.
const A_DAY: Duration = Duration::from_secs(86_400);

async fn is_in_time(future: impl Future<Output = ()>, mut sleep: Pin<Box<dyn Sleep>>) -> bool {
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(true),
        Poll::Pending => sleep.as_mut().poll(cx).map(|()| false),
    })
    .await
}
