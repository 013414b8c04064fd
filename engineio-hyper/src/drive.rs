//! The task of a server, which runs its deadlines.

use std::future::poll_fn;
use std::task::Poll;

use engineio_hub::{Data, WeakHub};

use crate::Timer;

/// Runs the hub's deadlines until the hub is gone.
pub async fn drive<D: Data>(hub: WeakHub<D>, timer: Timer) {
    let mut sleep = None;
    poll_fn(|cx| {
        loop {
            // This task is woken when the hub goes away.
            let Some(hub) = hub.upgrade() else { return Poll::Ready(()) };
            let next = hub.expire(cx);
            let now = hub.now();
            drop(hub);
            let Some(next) = next else { return Poll::Pending };
            let sleep = sleep.insert(timer.sleep(next.saturating_since(now)));
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await;
}
