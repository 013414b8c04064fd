//! One request of the server's path, from its head to its answer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use engineio_hub::{Answer, Seat};
use engineio_proto::server::Failure;
use http::{Response, StatusCode};
use http_body::Body;
use hyper::upgrade::OnUpgrade;
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use crate::server::Server;
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
        body: Option<B>,
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
        let limit = seat.body_limit();
        let reading = match limit {
            Some(limit) => Reading::Keep { body: BytesMut::new(), limit },
            None => Reading::Done,
        };
        let body = limit.map(|_| body);
        Self { seat, body, reading, upgrade: Some(upgrade), answer: None, patience: None, server }
    }
}

impl<B: Body, D: Send + Sync + 'static> Future for Exchange<B, D> {
    type Output = Response<Bytes>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response<Bytes>> {
        let mut this = self.project();
        let is_read = match this.body.as_mut().as_pin_mut() {
            Some(body) => this.reading.poll(body, this.seat, cx).is_ready(),
            None => true,
        };
        if this.answer.is_none() {
            *this.answer = match ready!(this.seat.poll_answer(cx)) {
                Answer::Respond(response) => Some(response),
                Answer::Upgrade(response, framed) => {
                    if let Some(upgrade) = this.upgrade.take() {
                        tokio::spawn(carry(upgrade, framed));
                    }
                    return Poll::Ready(response.map(|()| Bytes::new()));
                }
            };
        }
        // A client that is still writing may not see the answer: let it finish, within
        // limits. One that was too slow has had its time.
        let is_late = |answer: &Response<_>| answer.status() == StatusCode::REQUEST_TIMEOUT;
        if !is_read && !this.answer.as_ref().is_some_and(is_late) {
            this.reading.discard();
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
    /// Reads the body and tells the seat. Ready when there is nothing left to read.
    fn poll<B: Body, D: Send + Sync + 'static>(
        &mut self,
        mut stream: Pin<&mut B>,
        seat: &mut Seat<D>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        loop {
            if let Self::Done | Self::Discard { left: 0 } = self {
                return Poll::Ready(());
            }
            let frame = match ready!(stream.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                Some(Err(_)) => {
                    seat.failed(Failure::Gone);
                    *self = Self::Done;
                    continue;
                }
                None => {
                    if let Self::Keep { body, .. } = self {
                        seat.body(body.split().freeze());
                    }
                    *self = Self::Done;
                    continue;
                }
            };
            let Ok(data) = frame.into_data() else { continue };
            match self {
                Self::Keep { body, limit } if body.len() + data.remaining() <= *limit => {
                    body.extend_from_slice(data.chunk());
                }
                Self::Keep { limit, .. } => {
                    let left = limit.saturating_mul(DISCARD_FACTOR);
                    seat.failed(Failure::TooLarge);
                    *self = Self::Discard { left };
                }
                Self::Discard { left } => *left = left.saturating_sub(data.remaining()),
                Self::Done => {}
            }
        }
    }

    /// The answer is known: what still comes is of no use.
    fn discard(&mut self) {
        if let Self::Keep { limit, .. } = self {
            *self = Self::Discard { left: limit.saturating_mul(DISCARD_FACTOR) };
        }
    }
}

/// How many times the limit is read of a body that nobody wants, for the sake of the
/// answer.
const DISCARD_FACTOR: usize = 8;
