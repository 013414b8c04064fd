//! One request of the server's path, from its head to its answer.

use std::error::Error;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::iter;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use engineio_hub::{Answer, Seat};
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
        reading: Reading,
        upgrade: Option<OnUpgrade>,
        answer: Option<Response<Bytes>>,
        #[pin]
        patience: Option<Sleep>,
        server: Server<D>,
    }
}

/// How far the body is.
enum Reading {
    /// What came so far, and how much may come in all.
    Keep {
        body: BytesMut,
        limit: usize,
    },
    /// The rest is thrown away, up to this much.
    Discard {
        left: usize,
    },
    Done,
}

impl<B: Body, D: Send + Sync + 'static> Exchange<B, D> {
    pub(crate) fn new(server: Server<D>, seat: Seat<D>, body: B, upgrade: OnUpgrade) -> Self {
        let reading = match seat.body_limit() {
            Some(limit) => Reading::Keep { body: BytesMut::new(), limit },
            None => Reading::discard(server.config().max_payload()),
        };
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
        let is_read = this.reading.poll(this.body, this.seat, cx).is_ready();
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
            if let Reading::Keep { limit, .. } = this.reading {
                *this.reading = Reading::discard(*limit);
            }
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

impl Reading {
    /// Nobody wants what still comes.
    const fn discard(limit: usize) -> Self {
        Self::Discard { left: limit.saturating_mul(DISCARD_FACTOR) }
    }

    /// Reads the body and tells the seat. Ready when there is nothing left to read.
    fn poll<B, D>(
        &mut self,
        mut stream: Pin<&mut B>,
        seat: &mut Seat<D>,
        cx: &mut Context<'_>,
    ) -> Poll<()>
    where
        B: Body,
        B::Error: Into<BoxError>,
        D: Send + Sync + 'static,
    {
        while !matches!(self, Self::Done | Self::Discard { left: 0 }) {
            match ready!(stream.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => {
                    // Trailers are of no interest.
                    let Ok(data) = frame.into_data() else { continue };
                    self.take(data, seat);
                }
                Some(Err(error)) => {
                    if let Self::Keep { .. } = mem::replace(self, Self::Done) {
                        seat.failed(failure(&*error.into()));
                    }
                }
                None => {
                    if let Self::Keep { body, .. } = mem::replace(self, Self::Done) {
                        seat.body(body.freeze());
                    }
                }
            }
        }
        Poll::Ready(())
    }

    fn take<D: Send + Sync + 'static>(&mut self, data: impl Buf, seat: &mut Seat<D>) {
        match self {
            Self::Keep { body, limit } if data.remaining() <= limit.saturating_sub(body.len()) => {
                body.put(data);
            }
            Self::Keep { limit, .. } => {
                *self = Self::discard(*limit);
                seat.failed(Failure::TooLarge);
            }
            Self::Discard { left } => *left = left.saturating_sub(data.remaining()),
            Self::Done => {}
        }
    }
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

/// How many times the limit is read of a body that nobody wants, for the sake of the
/// answer.
const DISCARD_FACTOR: usize = 8;
