//! What the methods of the handles give to be awaited.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use engineio_proto::{CloseReason, Message, Outgoing, SendError};

use crate::cell::Turn;
use crate::socket::{Sender, Socket};
use crate::waiters::{Wait, WaitId};

/// A future of a handle, and its place among those who wait.
pub(crate) struct Waiting<'a, D: Send + Sync + 'static> {
    sender: &'a Sender<D>,
    id: Option<WaitId>,
}

impl<'a, D: Send + Sync + 'static> Waiting<'a, D> {
    pub(crate) const fn new(sender: &'a Sender<D>) -> Self {
        Self { sender, id: None }
    }

    /// Waits on in a turn in which there was nothing to be had.
    fn wait(&mut self, turn: &mut Turn<'_, D>, wait: Wait, cx: &Context<'_>) {
        self.id = Some(turn.waiters.handle(self.id, wait, cx.waker()));
    }
}

impl<D: Send + Sync + 'static> Drop for Waiting<'_, D> {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        if let Some(mut turn) = self.sender.cell.turn() {
            turn.waiters.forget_handle(id);
        }
    }
}

/// The future of [`Socket::recv`].
#[must_use = "futures do nothing unless polled"]
pub struct Recv<'a, D: Send + Sync + 'static>(pub(crate) &'a mut Socket<D>);

impl<D: Send + Sync + 'static> Future for Recv<'_, D> {
    type Output = Option<Message>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_recv(cx)
    }
}

/// The future of [`Sender::send`].
#[must_use = "futures do nothing unless polled"]
pub struct Sending<'a, D: Send + Sync + 'static> {
    pub(crate) waiting: Waiting<'a, D>,
    /// Taken when it is queued or given back.
    pub(crate) outgoing: Option<Outgoing>,
}

impl<D: Send + Sync + 'static> Future for Sending<'_, D> {
    type Output = Result<(), SendError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { waiting, outgoing } = self.get_mut();
        let Some(message) = outgoing.take() else { return Poll::Ready(Ok(())) };
        let cell = &waiting.sender.cell;
        let Some(mut turn) = cell.turn() else {
            return Poll::Ready(Err(SendError::Closed(message)));
        };
        match turn.session.send(message) {
            Ok(_) => Poll::Ready(Ok(())),
            Err(SendError::Full(message)) => {
                *outgoing = Some(message);
                waiting.wait(&mut turn, Wait::Writable, cx);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

/// The future of [`Sender::flush`].
#[must_use = "futures do nothing unless polled"]
pub struct Flush<'a, D: Send + Sync + 'static> {
    pub(crate) waiting: Waiting<'a, D>,
    /// The last message that has to leave, known from the first poll on.
    pub(crate) position: Option<u64>,
}

impl<D: Send + Sync + 'static> Future for Flush<'_, D> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { waiting, position } = self.get_mut();
        let Some(mut turn) = waiting.sender.cell.turn() else { return Poll::Ready(()) };
        let wait = Wait::HandedOver(*position.get_or_insert(turn.session.accepted()));
        if wait.is_over(&turn.session) {
            return Poll::Ready(());
        }
        waiting.wait(&mut turn, wait, cx);
        Poll::Pending
    }
}

/// The future of [`Sender::closed`].
#[must_use = "futures do nothing unless polled"]
pub struct Closed<'a, D: Send + Sync + 'static> {
    pub(crate) waiting: Waiting<'a, D>,
}

impl<D: Send + Sync + 'static> Future for Closed<'_, D> {
    type Output = CloseReason;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<CloseReason> {
        let Self { waiting } = self.get_mut();
        let Some(mut turn) = waiting.sender.cell.turn() else {
            return Poll::Ready(CloseReason::Shutdown);
        };
        if let Some(reason) = turn.session.close_reason() {
            return Poll::Ready(reason.clone());
        }
        waiting.wait(&mut turn, Wait::Closed, cx);
        Poll::Pending
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Recv<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recv")
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Sending<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sending")
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Flush<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flush")
    }
}

impl<D: Send + Sync + 'static> fmt::Debug for Closed<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Closed")
    }
}
