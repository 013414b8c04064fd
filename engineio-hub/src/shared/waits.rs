//! What the methods of the handles wait with, on either side.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use engineio_proto::{Outgoing, SendError};

use crate::shared::line::{End, Line, Turned};
use crate::shared::waiters::{Wait, WaitId};

/// A future of a handle, and its place among those who wait.
struct Waiting<'a, L: Line> {
    line: &'a L,
    id: Option<WaitId>,
}

impl<L: Line> Waiting<'_, L> {
    /// Waits on in a turn in which there was nothing to be had.
    fn wait(id: &mut Option<WaitId>, turn: &mut Turned<'_, L::End>, wait: Wait, cx: &Context<'_>) {
        *id = Some(turn.waiters.handle(*id, wait, cx.waker()));
    }
}

impl<L: Line> Drop for Waiting<'_, L> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.line.with(|turn| turn.waiters.forget_handle(id));
        }
    }
}

/// Queues a message, once there is room for it.
pub(crate) fn send<L: Line>(
    line: &L,
    outgoing: Outgoing,
) -> impl Future<Output = Result<(), SendError>> {
    Sending { waiting: Waiting { line, id: None }, outgoing: Some(outgoing) }
}

struct Sending<'a, L: Line> {
    waiting: Waiting<'a, L>,
    /// Taken when it is queued or given back.
    outgoing: Option<Outgoing>,
}

impl<L: Line> Future for Sending<'_, L> {
    type Output = Result<(), SendError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { waiting: Waiting { line, id }, outgoing } = self.get_mut();
        let polled = line.with(|mut turn| {
            let Some(message) = outgoing.take() else { return Poll::Ready(Ok(())) };
            match turn.session.send(message) {
                Ok(_) => Poll::Ready(Ok(())),
                Err(SendError::Full(message)) => {
                    *outgoing = Some(message);
                    Waiting::<L>::wait(id, &mut turn, Wait::Writable, cx);
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
pub(crate) fn try_send<L: Line>(line: &L, outgoing: Outgoing) -> Result<(), SendError> {
    let mut outgoing = Some(outgoing);
    let sent = line.with(|turn| match outgoing.take() {
        Some(outgoing) => turn.session.send(outgoing).map(drop),
        None => Ok(()),
    });
    sent.unwrap_or_else(|| outgoing.map_or(Ok(()), |outgoing| Err(SendError::Closed(outgoing))))
}

/// Waits until what was queued before the first poll has left, or the session ended.
pub(crate) fn flush<L: Line>(line: &L) -> impl Future<Output = ()> {
    Flush { waiting: Waiting { line, id: None }, position: None }
}

struct Flush<'a, L: Line> {
    waiting: Waiting<'a, L>,
    /// The last message that has to leave, known from the first poll on.
    position: Option<u64>,
}

impl<L: Line> Future for Flush<'_, L> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { waiting: Waiting { line, id }, position } = self.get_mut();
        let polled = line.with(|mut turn| {
            let wait = Wait::HandedOver(*position.get_or_insert(turn.session.accepted()));
            if wait.is_over(turn.session) {
                return Poll::Ready(());
            }
            Waiting::<L>::wait(id, &mut turn, wait, cx);
            Poll::Pending
        });
        polled.unwrap_or(Poll::Ready(()))
    }
}

/// Waits for the end of the session, and says why it came.
pub(crate) fn closed<L: Line>(line: &L) -> impl Future<Output = <L::End as End>::Reason> {
    Closed { waiting: Waiting { line, id: None } }
}

struct Closed<'a, L: Line> {
    waiting: Waiting<'a, L>,
}

impl<L: Line> Future for Closed<'_, L> {
    type Output = <L::End as End>::Reason;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { waiting: Waiting { line, id } } = self.get_mut();
        let polled = line.with(|mut turn| {
            if let Some(reason) = turn.session.close_reason() {
                return Poll::Ready(reason.clone());
            }
            Waiting::<L>::wait(id, &mut turn, Wait::Closed, cx);
            Poll::Pending
        });
        polled.unwrap_or(Poll::Ready(L::End::GONE))
    }
}

/// Waits as a sink does: in one place, for one thing after the other.
pub(crate) fn poll_wait<L: Line>(
    line: &L,
    place: &mut Option<WaitId>,
    cx: &Context<'_>,
    wait: impl FnOnce(&L::End) -> Wait,
) -> Poll<()> {
    let polled = line.with(|mut turn| {
        let wait = wait(turn.session);
        if wait.is_over(turn.session) {
            return Poll::Ready(());
        }
        Waiting::<L>::wait(place, &mut turn, wait, cx);
        Poll::Pending
    });
    polled.unwrap_or(Poll::Ready(()))
}
