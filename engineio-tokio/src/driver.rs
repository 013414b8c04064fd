//! The one task of a server: it lets time pass.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Weak;
use std::task::Poll;

use engineio_hub::Hub;
use tokio::time::{Instant, sleep_until};

use crate::clock::TokioClock;

/// Runs the hub's deadlines until the hub is gone. `clock` is the hub's.
pub(crate) async fn drive<D: Send + Sync + 'static>(hub: Weak<Hub<D>>, clock: TokioClock) {
    let mut sleep = pin!(sleep_until(Instant::now()));
    poll_fn(|cx| {
        loop {
            // A hub that goes away wakes this task.
            let Some(hub) = hub.upgrade() else { return Poll::Ready(()) };
            let next = hub.expire(cx).and_then(|next| clock.when(next));
            drop(hub);
            // Nothing is due, or only at a time that never comes.
            let Some(next) = next else { return Poll::Pending };
            sleep.as_mut().reset(next);
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await;
}
