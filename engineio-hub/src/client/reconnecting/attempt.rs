//! How an application prepares an attempt.

use std::error::Error;
use std::future::{Future, ready};
use std::pin::Pin;

use engineio_proto::Refused;

use crate::client::options::ClientOptions;

/// An attempt to connect that is about to be made, for the application to choose its
/// [`ClientOptions`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Attempt {
    /// 0 for the first attempt of all; for others the number that was announced with
    /// [`Retry`](super::ReconnectingEvent::Retry).
    pub number: u32,
    /// The refusal that ended the attempt before this one, or the session. With status 401 it is
    /// time for a new token.
    pub refused: Option<Refused>,
}

/// The options of an attempt, or why the application has none now.
pub(super) type Prepared = Result<ClientOptions, Box<dyn Error + Send + Sync>>;

/// The application's choice, while it takes its time.
pub(super) type Preparing = Pin<Box<dyn Future<Output = Prepared> + Send>>;

/// Gives the options of each attempt.
pub(super) type Prepare = Box<dyn FnMut(Attempt) -> Preparing + Send>;

/// The same options for every attempt.
pub(super) fn fixed(options: ClientOptions) -> Prepare {
    Box::new(move |_| Box::pin(ready(Ok(options.clone()))))
}

/// The options that this function gives.
pub(super) fn chosen<F>(mut options: impl FnMut(Attempt) -> F + Send + 'static) -> Prepare
where
    F: Future<Output = Prepared> + Send + 'static,
{
    Box::new(move |attempt| Box::pin(options(attempt)))
}
