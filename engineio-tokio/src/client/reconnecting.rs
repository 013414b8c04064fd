//! A client that connects again when its session is lost.

use std::error::Error;
use std::future::Future;

use engineio_hub::client::{Attempt, ClientOptions, Dial, ReconnectingClient};
use engineio_hyper::client::Dialer;
use engineio_proto::client::Backoff;

use super::connect;
use crate::clock::{TokioClock, timer};

/// Makes a client that connects again when its session is lost, with the same options each time.
///
/// It begins when its first [event](ReconnectingClient::event) is waited for. Nothing is sent again
/// in another session, and [`Lost`](crate::ReconnectingEvent::Lost) says what was not sent. When it
/// tries again, and which refusals make it [give up](crate::ReconnectingEvent::GaveUp), is in the
/// table of [`Retries`](engineio_proto::client::Retries). It needs a tokio runtime with time and I/O, and spawns one task for each session.
///
/// # Examples
///
/// ```no_run
/// use engineio_tokio::{Backoff, ReconnectingEvent, reconnecting};
///
/// # async fn example() {
/// let mut client = reconnecting("http://127.0.0.1:3000", Backoff::new());
/// while let Some(event) = client.event().await {
///     match event {
///         ReconnectingEvent::Connected => {
///             // It fails if the session is lost already: then `Lost` follows.
///             let _ = client.send("subscribe").await;
///         }
///         ReconnectingEvent::Message(message) => println!("{message:?}"),
///         ReconnectingEvent::Lost { reason, unsent } => println!("{reason}, {unsent} unsent"),
///         ReconnectingEvent::Retry { after, error, .. } => {
///             println!("trying again in {after:?}, after {error:?}");
///         }
///         ReconnectingEvent::GaveUp(why) => println!("{why}"),
///         _ => {}
///     }
/// }
/// # }
/// ```
pub fn reconnecting(options: impl Into<ClientOptions>, backoff: Backoff) -> ReconnectingClient {
    ReconnectingClient::new(dialer(), options.into(), backoff)
}

/// Makes a client that asks for its options before each attempt, the first included: for addresses
/// that change, and for tokens that expire.
///
/// A refusal of credentials (401 or 403) isn't final then: the next attempt may have better ones.
/// The second such refusal in a row is. An error of `options` counts as an attempt that failed, and
/// is followed by another.
///
/// # Examples
///
/// ```no_run
/// use engineio_tokio::{Backoff, ClientOptions, reconnecting_with};
///
/// # async fn fresh_token() -> std::io::Result<String> { Ok(String::new()) }
/// let client = reconnecting_with(Backoff::new(), |_attempt| async {
///     let token = fresh_token().await?;
///     let options = ClientOptions::new("https://example.org");
///     Ok(options.header("authorization", &format!("Bearer {token}")))
/// });
/// # drop(client);
/// ```
pub fn reconnecting_with<F>(
    backoff: Backoff,
    options: impl FnMut(Attempt) -> F + Send + 'static,
) -> ReconnectingClient
where
    F: Future<Output = Result<ClientOptions, Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    ReconnectingClient::with(dialer(), backoff, options)
}

fn dialer() -> impl Dial {
    Dialer::new(|options| Box::pin(connect(options)), timer(), TokioClock::start())
}
