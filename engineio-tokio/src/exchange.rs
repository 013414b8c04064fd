//! One request of the server's path, from its head to its answer.

use std::error::Error;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::iter;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use engineio_hub::{Answer, RequestBody, Seat};
use engineio_proto::server::Failure;
use http::{Response, StatusCode};
use http_body::Body;
use hyper::upgrade::OnUpgrade;
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use crate::server::Server;
use crate::span;
use crate::websocket::carry;

pin_project! {
    /// Reads the body, waits for the answer, and hands an upgrade over to its task.
    pub(crate) struct Exchange<B, D>
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
        #[pin]
        patience: Option<Sleep>,
        server: Server<D>,
    }
}

impl<B: Body, D: Send + Sync + 'static> Exchange<B, D> {
    pub(crate) fn new(server: Server<D>, seat: Seat<D>, body: B, upgrade: OnUpgrade) -> Self {
        let reading = RequestBody::new(&seat);
        Self { seat, body, reading, upgrade: Some(upgrade), answer: None, patience: None, server }
    }
}

impl<B, D> Future for Exchange<B, D>
where
    B: Body,
    B::Error: Into<BoxError>,
    D: Send + Sync + 'static,
{
    type Output = Response<Bytes>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response<Bytes>> {
        let mut this = self.project();
        let is_read = poll_body(this.body, this.reading, this.seat, cx).is_ready();
        if this.answer.is_none() {
            *this.answer = match ready!(this.seat.poll_answer(cx)) {
                Answer::Respond(response) => Some(response),
                Answer::Upgrade(response, framed) => {
                    if let Some(upgrade) = this.upgrade.take() {
                        let sid = framed.sid();
                        tokio::spawn(span::websocket(sid.as_ref(), carry(upgrade, framed)));
                    }
                    return Poll::Ready(response.map(|()| Bytes::new()));
                }
            };
        }
        // A client that is still writing may not see the answer: let it finish, within
        // limits. One that was too slow has had its time.
        let is_late = |answer: &Response<_>| answer.status() == StatusCode::REQUEST_TIMEOUT;
        if !is_read && !this.answer.as_ref().is_some_and(is_late) {
            this.reading.answered();
            if this.patience.is_none() {
                this.patience.set(Some(sleep(this.server.config().linger())));
            }
            let patience = this.patience.as_pin_mut();
            let is_over = patience.is_none_or(|patience| patience.poll(cx).is_ready());
            if !is_over {
                return Poll::Pending;
            }
        }
        match this.answer.take() {
            Some(answer) => Poll::Ready(answer),
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
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

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
