//! One request of the server's path, from its head to its answer.

use std::error::Error;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::iter;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use engineio_hub::{Answer, RequestBody, Seat};
use engineio_proto::Failure;
use http::{Response, StatusCode};
use http_body::Body;
use hyper::rt::Sleep;
use hyper::upgrade::OnUpgrade;
use pin_project_lite::pin_project;

use crate::Timer;
use crate::websocket::Switching;

/// What comes of a request.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a binding uses both")]
pub struct Answered {
    /// To be sent.
    pub response: Response<Bytes>,
    /// With a 101: to be given to [`carry`](crate::carry), in a task of its own.
    pub switching: Option<Switching>,
}

pin_project! {
    /// Reads the body, and waits for the answer.
    pub struct Exchange<B, D>
    where
        D: Send,
        D: Sync,
        D: 'static,
    {
        seat: Seat<D>,
        #[pin]
        body: B,
        reading: RequestBody,
        upgrade: Option<OnUpgrade>,
        answer: Option<Response<Bytes>>,
        patience: Option<Pin<Box<dyn Sleep>>>,
        timer: Timer,
        linger: Duration,
    }
}

impl<B: Body, D: Send + Sync + 'static> Exchange<B, D> {
    /// The request that this seat is for, the upgrade of its connection, and how long a client may
    /// go on writing when its answer is known
    /// ([`linger`](engineio_proto::ServerConfig::linger)).
    pub fn new(seat: Seat<D>, body: B, upgrade: OnUpgrade, timer: Timer, linger: Duration) -> Self {
        let (reading, upgrade) = (RequestBody::new(&seat), Some(upgrade));
        Self { seat, body, reading, upgrade, answer: None, patience: None, timer, linger }
    }
}

impl<B, D> Future for Exchange<B, D>
where
    B: Body,
    B::Error: Into<BoxError>,
    D: Send + Sync + 'static,
{
    type Output = Answered;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answered> {
        let this = self.project();
        let is_read = poll_body(this.body, this.reading, this.seat, cx).is_ready();
        if this.answer.is_none() {
            *this.answer = match ready!(this.seat.poll_answer(cx)) {
                Answer::Respond(response) => Some(response),
                Answer::Upgrade(response, framed) => {
                    let upgrade = this.upgrade.take();
                    let switching = upgrade.map(|upgrade| Switching { upgrade, framed });
                    let response = response.map(|()| Bytes::new());
                    return Poll::Ready(Answered { response, switching });
                }
            };
        }
        // A client that is still writing may not see the answer: let it finish, within
        // limits. One that was too slow has had its time.
        let is_late = |answer: &Response<_>| answer.status() == StatusCode::REQUEST_TIMEOUT;
        if !is_read && !this.answer.as_ref().is_some_and(is_late) {
            this.reading.answered();
            let patience = this.patience.get_or_insert_with(|| this.timer.sleep(*this.linger));
            ready!(patience.as_mut().poll(cx));
        }
        match this.answer.take() {
            Some(response) => Poll::Ready(Answered { response, switching: None }),
            None => Poll::Pending,
        }
    }
}

/// Reads the body for its seat. Ready when there is nothing left to read.
fn poll_body<B, D>(
    mut stream: Pin<&mut B>,
    reading: &mut RequestBody,
    seat: &mut Seat<D>,
    cx: &mut Context<'_>,
) -> Poll<()>
where
    B: Body,
    B::Error: Into<BoxError>,
    D: Send + Sync + 'static,
{
    while reading.is_open() {
        match ready!(stream.as_mut().poll_frame(cx)) {
            // Trailers are of no interest.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    reading.data(data, seat);
                }
            }
            Some(Err(error)) => reading.failed(failure(&*error.into()), seat),
            None => reading.end(seat),
        }
    }
    Poll::Ready(())
}

/// What every kind of body can make of its errors.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// What it means that a body can't be read on: a broken connection, unless what came
/// over it was no HTTP.
fn failure(error: &(dyn Error + 'static)) -> Failure {
    let mut causes = iter::successors(Some(error), |&error| error.source());
    let is_nonsense = causes.any(|cause| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        matches!(kind, Some(ErrorKind::InvalidInput | ErrorKind::InvalidData))
    });
    if is_nonsense { Failure::Malformed } else { Failure::Gone }
}
