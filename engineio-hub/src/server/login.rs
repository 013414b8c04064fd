//! Logins: how the application decides about handshakes.

use std::future::{Future, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use engineio_proto::server::Refusal;

use super::handshake::Handshake;

/// The session's data, or a refusal.
pub(crate) type Decision<D> = Result<D, Refusal>;

/// A decision that is made later.
pub(crate) type LaterDecision<D> = Pin<Box<dyn Future<Output = Decision<D>> + Send>>;

/// How an application decides about handshakes that it doesn't pick up itself.
pub(crate) enum Login<D> {
    /// Decides at once.
    Now(Decide<D>),
    /// Decides later. The request's own task polls the future.
    Later(Box<dyn Fn(Handshake) -> LaterDecision<D> + Send + Sync>),
}

/// A login under way: ready when the handshake is decided.
pub(crate) type LoggingIn = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A login is shared by all requests that are under way.
pub(crate) type SharedLogin<D> = Arc<Login<D>>;

/// Decides on the calling thread.
pub(crate) type Decide<D> = Box<dyn Fn(&Handshake) -> Decision<D> + Send + Sync>;

/// Asks a login. If it panics, only its own client is refused, with 500; the panic hook has
/// reported it.
pub(crate) fn decide<D>(
    login: &(impl Fn(&Handshake) -> Decision<D> + ?Sized),
    handshake: &Handshake,
) -> Decision<D> {
    catch_unwind(AssertUnwindSafe(|| login(handshake))).unwrap_or_else(|_| Err(panicked()))
}

/// As [`decide`], for a login that decides later.
pub(crate) fn decide_later<D: Send + 'static>(
    login: &(impl Fn(Handshake) -> LaterDecision<D> + ?Sized),
    handshake: Handshake,
) -> LaterDecision<D> {
    let Ok(mut decision) = catch_unwind(AssertUnwindSafe(|| login(handshake))) else {
        return Box::pin(ready(Err(panicked())));
    };
    Box::pin(poll_fn(move |cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| decision.as_mut().poll(cx)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(panicked())))
    }))
}

fn panicked() -> Refusal {
    Refusal::json(500, "Internal Server Error")
}
