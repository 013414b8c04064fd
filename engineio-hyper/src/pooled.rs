//! Forwarding over hyper-util's pooled client.

use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use engineio_hub::listener::MAX_HEAD;
use http::Uri;
use hyper::rt::{Executor, Read, Timer, Write};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, Connection};
use tower_service::Service;

use crate::forward::{CONNECT_TIMEOUT, ForwardedBody, Forwarder, Undelivered};
use crate::{BoxError, Watched};

/// Makes a [`Forwarder`] of what connects to nodes, which is given up after a second. A node may
/// take nothing for `write_timeout`.
pub fn pooled<C, F, S, E, T>(
    connect: C,
    executor: E,
    timer: T,
    timers: crate::Timer,
    write_timeout: Duration,
) -> Forwarder
where
    C: Fn(Uri) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<S, BoxError>> + Send + 'static,
    S: Read + Write + Send + Unpin + 'static,
    E: Executor<Task> + Clone + Send + Sync + 'static,
    T: Timer + Clone + Send + Sync + 'static,
{
    let client: Client<_, ForwardedBody> = Client::builder(executor)
        .pool_timer(timer)
        .pool_idle_timeout(IDLE)
        .http1_max_buf_size(MAX_HEAD)
        .build(Connector { connect, timers, write_timeout });
    let send = move |request| {
        let response = client.request(request);
        let response = async {
            response.await.map_err(|error| match error.is_connect() {
                true => Undelivered::Unreachable,
                false => Undelivered::Lost,
            })
        };
        Box::pin(response) as _
    };
    Forwarder::new(send, timers)
}

/// A task of the client.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Connects within the time that there is.
#[derive(Clone)]
struct Connector<C> {
    connect: C,
    timers: crate::Timer,
    write_timeout: Duration,
}

impl<C, F, S> Service<Uri> for Connector<C>
where
    C: Fn(Uri) -> F,
    F: Future<Output = Result<S, BoxError>> + Send + 'static,
{
    type Response = Watched<S>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Watched<S>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, node: Uri) -> Self::Future {
        let (connecting, timers, write_timeout) =
            ((self.connect)(node), self.timers, self.write_timeout);
        Box::pin(async move {
            let (mut connecting, mut late) = (pin!(connecting), timers.sleep(CONNECT_TIMEOUT));
            let stream = poll_fn(|cx| match connecting.as_mut().poll(cx) {
                Poll::Ready(connected) => Poll::Ready(connected),
                Poll::Pending => late
                    .as_mut()
                    .poll(cx)
                    .map(|()| Err(io::Error::from(ErrorKind::TimedOut).into())),
            });
            Ok(Watched::opened(stream.await?, timers, write_timeout))
        })
    }
}

impl<S> Connection for Watched<S> {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// How long a connection is kept for the next request. Nodes keep theirs for 30 s or more unless
/// they are told otherwise, so that a request doesn't meet one that is just being closed.
const IDLE: Duration = Duration::from_secs(10);
