//! What one request holds while it is served.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use engineio_proto::server::{Input, Transmit};
use engineio_proto::{CloseCode, Headers, Response};
use engineio_proto::{ConnId, Failure};
use http::HeaderValue;

use crate::http_map;
use crate::server::hub::Hub;
use crate::server::pending::{Answer as Verdict, Waiting};
use crate::server::session::{Cell, FIRST_CONN};
use crate::server::wire::ServerWire;
use crate::shared::framed::Framed;
use crate::shared::waiters::Interest;
use crate::websocket::WebSocket;

/// One request on its way to an answer.
///
/// A binding reads the body if [`body_limit`](Self::body_limit) gives a limit, says how
/// that went with [`body`](Self::body) or [`failed`](Self::failed), and polls
/// [`poll_answer`](Self::poll_answer), which may have an answer before the body is
/// complete. Dropping the seat says that the client is gone.
pub struct Seat<D: Send + Sync + 'static = ()> {
    hub: Arc<Hub<D>>,
    place: Place<D>,
    body_limit: Option<usize>,
    /// For a WebSocket: the value of `Sec-WebSocket-Accept`.
    accept: Option<HeaderValue>,
}

enum Place<D: Send + Sync + 'static> {
    /// The answer is known already.
    Answered(Box<Response>),
    /// A handshake that waits for the application.
    Waiting(Arc<Waiting<D>>),
    /// A session serves it.
    Seated(Arc<Cell<D>>, ConnId),
    /// It got its answer.
    Done,
}

/// The answer to a request.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a binding must handle every variant")]
pub enum Answer {
    /// Send this, compressed already where it is to be.
    Respond(http::Response<Bytes>),
    /// Send this 101, then carry bytes between the stream and the [`Framed`].
    Upgrade(http::Response<()>, Framed),
}

impl<D: Send + Sync + 'static> Seat<D> {
    pub(crate) fn answered(hub: &Arc<Hub<D>>, response: Response) -> Self {
        Self::new(hub, Place::Answered(Box::new(response)), None)
    }

    pub(crate) fn waiting(
        hub: &Arc<Hub<D>>,
        waiting: Arc<Waiting<D>>,
        accept: Option<HeaderValue>,
    ) -> Self {
        Self::new(hub, Place::Waiting(waiting), accept)
    }

    pub(crate) fn seated(
        hub: &Arc<Hub<D>>,
        cell: Arc<Cell<D>>,
        conn: ConnId,
        accept: Option<HeaderValue>,
    ) -> Self {
        Self::new(hub, Place::Seated(cell, conn), accept)
    }

    fn new(hub: &Arc<Hub<D>>, place: Place<D>, accept: Option<HeaderValue>) -> Self {
        Self { hub: Arc::clone(hub), place, body_limit: None, accept }
    }

    pub(crate) const fn with_body(mut self, limit: Option<usize>) -> Self {
        self.body_limit = limit;
        self
    }

    /// How many bytes of the request's body to read at most. `None`: it has none that
    /// matters.
    ///
    /// Read it even if the answer is known already, and throw it away: a client that
    /// is still writing may never see an answer. [`RequestBody`](crate::RequestBody) does all
    /// of that.
    pub const fn body_limit(&self) -> Option<usize> {
        self.body_limit
    }

    pub(crate) fn max_payload(&self) -> usize {
        self.hub.config().max_payload()
    }

    /// The whole body is there.
    pub fn body(&mut self, body: Bytes) {
        self.input(|conn| Input::Body(conn, body));
    }

    /// The body, or the connection, can't go on.
    ///
    /// Nobody reads the answer of a client that is gone. There is one all the same, for
    /// an HTTP implementation that waits for it before it lets the connection go.
    pub fn failed(&mut self, why: Failure) {
        match (&self.place, why) {
            (Place::Seated(cell, conn), Failure::Gone) => {
                leave(cell, *conn);
                self.place = Place::Answered(Box::new(cut_off()));
            }
            _ => self.input(|conn| Input::Failed(conn, why)),
        }
    }

    /// The answer, once there is one. Call it no more afterwards.
    pub fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Answer> {
        let transmit = ready!(self.poll_transmit(cx));
        let place = mem::replace(&mut self.place, Place::Done);
        Poll::Ready(match transmit {
            Transmit::Upgrade(headers) => match (place, self.accept.take()) {
                (Place::Seated(cell, conn), Some(accept)) => Answer::Upgrade(
                    http_map::switching_protocols(accept, &headers),
                    Framed::new(
                        Box::new(ServerWire::new(&self.hub, cell)),
                        conn,
                        WebSocket::server(self.hub.config().max_payload()),
                    ),
                ),
                _ => Answer::Respond(nothing_to_say()),
            },
            Transmit::Respond(response) => Answer::Respond(http_map::response(response)),
            Transmit::Frame(_) | Transmit::Hangup(_) => Answer::Respond(nothing_to_say()),
        })
    }

    fn poll_transmit(&mut self, cx: &Context<'_>) -> Poll<Transmit> {
        if let Place::Waiting(waiting) = &self.place {
            self.place = match ready!(waiting.poll_verdict(cx)) {
                Verdict::Accepted(cell) => Place::Seated(cell, FIRST_CONN),
                Verdict::Refused(refusal) => Place::Answered(Box::new(refusal.response())),
            };
        }
        let (cell, conn) = match &self.place {
            Place::Answered(response) => {
                return Poll::Ready(Transmit::Respond(Response::clone(response)));
            }
            Place::Seated(cell, conn) => (cell, *conn),
            Place::Waiting(_) | Place::Done => return Poll::Pending,
        };
        let Some(mut turn) = cell.turn() else {
            return Poll::Ready(Transmit::Hangup(CloseCode::AWAY));
        };
        match turn.session.poll_transmit(conn) {
            Some(transmit) => {
                turn.waiters.forget_seat(conn);
                Poll::Ready(transmit)
            }
            None if turn.session.is_closed() => Poll::Ready(Transmit::Hangup(CloseCode::AWAY)),
            None => {
                turn.waiters.seat(conn, cx.waker(), Interest::TRANSMIT);
                Poll::Pending
            }
        }
    }

    fn input(&self, input: impl FnOnce(ConnId) -> Input) {
        let Place::Seated(cell, conn) = &self.place else { return };
        if let Some(mut turn) = cell.turn() {
            let now = turn.now;
            turn.session.handle_input(now, input(*conn));
        }
    }
}

/// The client is gone.
impl<D: Send + Sync + 'static> Drop for Seat<D> {
    fn drop(&mut self) {
        if let Place::Waiting(waiting) = &self.place
            && let Some(cell) = waiting.leave()
        {
            self.place = Place::Seated(cell, FIRST_CONN);
        }
        if let Place::Seated(cell, conn) = &self.place {
            leave(cell, *conn);
        }
    }
}

/// Tells the session that this connection is gone.
pub(crate) fn leave<D: Send + Sync + 'static>(cell: &Arc<Cell<D>>, conn: ConnId) {
    if let Some(mut turn) = cell.turn() {
        let now = turn.now;
        turn.waiters.forget_seat(conn);
        turn.session.handle_input(now, Input::Failed(conn, Failure::Gone));
    }
}

impl<D: Send + Sync + 'static> std::fmt::Debug for Seat<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seat").field("body_limit", &self.body_limit).finish_non_exhaustive()
    }
}

/// The request never came whole.
const fn cut_off() -> Response {
    Response { status: 400, headers: Headers::new(), body: Bytes::new(), coding: None }
}

/// The server went away under the request.
fn nothing_to_say() -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
    response
}
