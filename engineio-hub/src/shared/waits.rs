//! The futures of the handles, on either side.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use engineio_proto::{AnySession, Outgoing, SendError};

use super::session::{Shared, Side, Turn};
use super::waiters::{Wait, WaitId};

/// Why a session of this side ended.
pub(crate) type Reason<S> = <<S as Side>::Session as AnySession>::CloseReason;

/// A future's place among the waiters.
struct WaitGuard<'a, S: Side> {
    shared: &'a Arc<Shared<S>>,
    id: Option<WaitId>,
}

impl<'a, S: Side> WaitGuard<'a, S> {
    const fn new(shared: &'a Arc<Shared<S>>) -> Self {
        Self { shared, id: None }
    }
}

impl<S: Side> Drop for WaitGuard<'_, S> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.shared.turn(|turn| turn.waiters.forget_handle(id));
        }
    }
}

/// Ready if the wait is over. Otherwise the task is woken when it is.
fn poll_turn<S: Side>(
    turn: &mut Turn<'_, S>,
    id: &mut Option<WaitId>,
    wait: Wait,
    cx: &Context<'_>,
) -> Poll<()> {
    if wait.is_over(turn.session) {
        return Poll::Ready(());
    }
    *id = Some(turn.waiters.handle(*id, wait, cx.waker()));
    Poll::Pending
}

/// Queues a message as soon as there is room for it.
pub(crate) fn send<S: Side>(
    shared: &Arc<Shared<S>>,
    outgoing: Outgoing,
) -> impl Future<Output = Result<(), SendError>> {
    Sending { guard: WaitGuard::new(shared), outgoing: Some(outgoing) }
}

struct Sending<'a, S: Side> {
    guard: WaitGuard<'a, S>,
    /// Taken when it is queued or given back.
    outgoing: Option<Outgoing>,
}

impl<S: Side> Future for Sending<'_, S> {
    type Output = Result<(), SendError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { guard: WaitGuard { shared, id }, outgoing } = self.get_mut();
        let polled = shared.quick_turn(|turn| {
            let Some(message) = outgoing.take() else { return Poll::Ready(Ok(())) };
            match turn.session.send(message) {
                Ok(_) => Poll::Ready(Ok(())),
                Err(SendError::Full(message)) => {
                    *outgoing = Some(message);
                    *id = Some(turn.waiters.handle(*id, Wait::Writable, cx.waker()));
                    Poll::Pending
                }
                Err(error) => Poll::Ready(Err(error)),
            }
        });
        polled.unwrap_or_else(|| {
            Poll::Ready(outgoing.take().map_or(Ok(()), |message| Err(SendError::Closed(message))))
        })
    }
}

/// Queues a message if there is room for it now.
pub(crate) fn try_send<S: Side>(
    shared: &Arc<Shared<S>>,
    outgoing: Outgoing,
) -> Result<(), SendError> {
    let mut outgoing = Some(outgoing);
    let mut refused = None;
    // Nothing large is returned, which would be moved from one caller to the next.
    shared.quick_turn(|turn| {
        if let Some(outgoing) = outgoing.take()
            && let Err(error) = turn.session.send(outgoing)
        {
            refused = Some(error);
        }
    });
    match refused.or_else(|| outgoing.map(SendError::Closed)) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Waits until all messages queued before the first poll have left, or the session has ended.
pub(crate) fn flush<S: Side>(shared: &Arc<Shared<S>>) -> impl Future<Output = ()> {
    Flush { guard: WaitGuard::new(shared), position: None }
}

struct Flush<'a, S: Side> {
    guard: WaitGuard<'a, S>,
    /// The last message that has to leave, known from the first poll on.
    position: Option<u64>,
}

impl<S: Side> Future for Flush<'_, S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { guard: WaitGuard { shared, id }, position } = self.get_mut();
        let polled = shared.turn(|turn| {
            let position = *position.get_or_insert_with(|| turn.session.accepted());
            poll_turn(turn, id, Wait::HandedOver(position), cx)
        });
        polled.unwrap_or(Poll::Ready(()))
    }
}

/// Waits until the session has ended, and returns why: `gone` if nothing carries it any more.
pub(crate) fn closed<S: Side>(
    shared: &Arc<Shared<S>>,
    gone: Reason<S>,
) -> impl Future<Output = Reason<S>> {
    Closed { guard: WaitGuard::new(shared), gone: Some(gone) }
}

struct Closed<'a, S: Side> {
    guard: WaitGuard<'a, S>,
    gone: Option<Reason<S>>,
}

impl<S: Side> Future for Closed<'_, S>
where
    Reason<S>: Unpin,
{
    type Output = Reason<S>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { guard: WaitGuard { shared, id }, gone } = self.get_mut();
        let polled = shared.turn(|turn| {
            let reason = turn.session.close_reason().cloned();
            if reason.is_none() {
                *id = Some(turn.waiters.handle(*id, Wait::Closed, cx.waker()));
            }
            reason
        });
        match polled.unwrap_or_else(|| gone.take()) {
            Some(reason) => Poll::Ready(reason),
            None => Poll::Pending,
        }
    }
}

/// Waits in one place for one thing after another, as a sink does.
pub(crate) fn poll_wait<S: Side>(
    shared: &Arc<Shared<S>>,
    place: &mut Option<WaitId>,
    cx: &Context<'_>,
    wait: impl FnOnce(&S::Session) -> Wait,
) -> Poll<()> {
    let polled = shared.turn(|turn| {
        let wait = wait(turn.session);
        poll_turn(turn, place, wait, cx)
    });
    polled.unwrap_or(Poll::Ready(()))
}
