//! Who may have a session: what the application says about a handshake.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use engineio_proto::server::Refusal;

use super::handshake::Handshake;

/// The data of the session, or the refusal of the client.
pub(crate) type Decision<D> = Result<D, Refusal>;

/// A decision that takes its time.
pub(crate) type LaterDecision<D> = Pin<Box<dyn Future<Output = Decision<D>> + Send>>;

/// How an application decides about handshakes that it doesn't pick up itself.
pub(crate) enum Login<D> {
    /// At once.
    Now(Decide<D>),
    /// In its time. The request's own task polls the future.
    Later(Box<dyn Fn(Handshake) -> LaterDecision<D> + Send + Sync>),
}

/// A login under way: ready when the handshake is decided.
pub(crate) type LoggingIn = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A login is shared by all requests that are under way.
pub(crate) type SharedLogin<D> = Arc<Login<D>>;

/// Decides in the thread that calls it.
pub(crate) type Decide<D> = Box<dyn Fn(&Handshake) -> Decision<D> + Send + Sync>;
