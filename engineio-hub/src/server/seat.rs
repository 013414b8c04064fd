//! What one request holds while it is served.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use engineio_proto::server::{Input, Transmit};
use engineio_proto::{ConnId, Failure, Headers, Response};
use http::{HeaderValue, StatusCode};

use super::body::RequestBody;
use super::handler::carry;
use super::login::LoggingIn;
use super::pending::{Outcome, PendingHandshake};
use super::running::Running;
use super::session::{FIRST_CONN, ServerSession};
use super::websocket::ServerWebSocket;
use crate::data::Data;
use crate::http_map;
use crate::shared::framed::Framed;
use crate::shared::waiters::Interest;
use crate::websocket::WebSocket;

/// One request on its way to an answer.
///
/// A binding reads the request's body while [`is_reading`](Self::is_reading), says how that goes
/// with [`data`](Self::data), [`end`](Self::end) and [`failed`](Self::failed), and polls
/// [`poll_answer`](Self::poll_answer), which may have the answer before the body is complete.
/// Dropping the seat before says that the client is gone.
pub struct Seat<D: Data = ()> {
    running: Arc<Running<D>>,
    place: Place<D>,
    body: RequestBody,
    /// For a WebSocket: the value of `Sec-WebSocket-Accept`.
    accept: Option<HeaderValue>,
}

pub(crate) enum Place<D: Data> {
    /// The answer is known already.
    Answered(Box<Response>),
    /// A handshake that waits for a decision.
    Waiting(Arc<PendingHandshake<D>>, Option<LoggingIn>),
    /// A session serves it.
    Seated(Arc<ServerSession<D>>, ConnId),
    /// It got its answer.
    Done,
}

/// The answer to a request.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a binding must handle every variant")]
pub enum Answer {
    /// Send this response.
    Respond {
        /// The response, compressed where it is to be.
        response: http::Response<Bytes>,
        /// Before that, read on for so long at most while [`Seat::is_reading`]: a client that is
        /// still writing may not see an answer that comes earlier. `None`: send it at once.
        drain: Option<Duration>,
    },
    /// Send this 101, then carry bytes between the stream and the [`Framed`].
    Upgrade(http::Response<()>, Framed),
}

/// What the session, or the server, has for the request.
enum Reply {
    Respond(Response),
    Upgrade(Headers),
    /// The server went away under the request.
    Gone,
}

impl<D: Data> Seat<D> {
    /// A seat for a request that may have a body of this length.
    pub(crate) fn new(
        running: &Arc<Running<D>>,
        place: Place<D>,
        body: RequestBody,
        accept: Option<HeaderValue>,
    ) -> Self {
        Self { running: Arc::clone(running), place, body, accept }
    }

    /// How many bytes of the request's body are wanted at most; `None` if none are. A binding
    /// that knows the length beforehand may say [`Failure::TooLarge`] at once.
    pub const fn body_limit(&self) -> Option<usize> {
        self.body.limit()
    }

    /// Whether more of the body is to be read: it is wanted, or the client is still writing and
    /// has to see the answer.
    pub const fn is_reading(&self) -> bool {
        self.body.is_open()
    }

    /// Some of the body came.
    pub fn data(&mut self, data: impl Buf) {
        if self.body.data(data).is_err() {
            self.input(|conn| Input::Failed(conn, Failure::TooLarge));
        }
    }

    /// All of the body came.
    pub fn end(&mut self) {
        if let Some(body) = self.body.end() {
            self.input(|conn| Input::Body(conn, body));
        }
    }

    /// The body, or the connection, can't go on.
    ///
    /// Nobody reads the answer of a client that is gone. There is one all the same, for
    /// an HTTP implementation that waits for it before it lets the connection go.
    pub fn failed(&mut self, why: Failure) {
        if self.body.end().is_none() {
            return;
        }
        match (&self.place, why) {
            (Place::Seated(session, conn), Failure::Gone) => {
                self.leave(session, *conn);
                self.place = Place::Answered(Box::new(cut_off()));
            }
            _ => self.input(|conn| Input::Failed(conn, why)),
        }
    }

    /// The answer, once there is one. Must not be polled again after it returned `Ready`.
    pub fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Answer> {
        let reply = ready!(self.poll_reply(cx));
        let place = std::mem::replace(&mut self.place, Place::Done);
        let response = match reply {
            Reply::Upgrade(headers) => {
                if let (Place::Seated(session, conn), Some(accept)) = (place, self.accept.take()) {
                    let websocket = Box::new(ServerWebSocket::new(&self.running, session));
                    let socket = WebSocket::server(self.running.core.config.max_payload());
                    let framed = Framed::new(websocket, conn, socket);
                    let response = http_map::switching_protocols(accept, &headers);
                    return Poll::Ready(Answer::Upgrade(response, framed));
                }
                unavailable()
            }
            Reply::Respond(response) => http_map::response(response),
            Reply::Gone => unavailable(),
        };
        self.body.answered();
        // One that was too slow has had its time.
        let is_late = response.status() == StatusCode::REQUEST_TIMEOUT;
        let linger = self.running.core.config.linger();
        let drain = (self.body.is_open() && !is_late).then_some(linger);
        Poll::Ready(Answer::Respond { response, drain })
    }

    fn poll_reply(&mut self, cx: &mut Context<'_>) -> Poll<Reply> {
        if let Place::Waiting(pending, login) = &mut self.place {
            if login.is_none() {
                *login = pending.take_login();
            }
            if let Some(running) = login
                && running.as_mut().poll(cx).is_ready()
            {
                *login = None;
            }
            self.place = match ready!(pending.poll_outcome(cx)) {
                Outcome::Accepted(session) => Place::Seated(session, FIRST_CONN),
                Outcome::Refused(refusal) => Place::Answered(Box::new(refusal.response())),
            };
        }
        let (session, conn) = match &self.place {
            Place::Answered(response) => {
                return Poll::Ready(Reply::Respond(Response::clone(response)));
            }
            Place::Seated(session, conn) => (session, *conn),
            Place::Waiting(..) | Place::Done => return Poll::Pending,
        };
        let polled = carry(self.running.handler(), session, |turn| {
            let reply = match turn.session.poll_transmit(conn) {
                Some(Transmit::Respond(response)) => Reply::Respond(response),
                Some(Transmit::Upgrade(headers)) => Reply::Upgrade(headers),
                Some(Transmit::Frame(_) | Transmit::Hangup(_)) => Reply::Gone,
                None if turn.session.is_closed() => Reply::Gone,
                None => {
                    turn.waiters.seat(conn, cx.waker(), Interest::TRANSMIT);
                    return Poll::Pending;
                }
            };
            turn.waiters.forget_seat(conn);
            Poll::Ready(reply)
        });
        polled.unwrap_or(Poll::Ready(Reply::Gone))
    }

    fn input(&self, input: impl FnOnce(ConnId) -> Input) {
        let Place::Seated(session, conn) = &self.place else { return };
        carry(self.running.handler(), session, |turn| {
            turn.session.handle_input(turn.now, input(*conn));
        });
    }

    /// Tells the session that this connection is gone.
    fn leave(&self, session: &Arc<ServerSession<D>>, conn: ConnId) {
        carry(self.running.handler(), session, |turn| {
            turn.waiters.forget_seat(conn);
            turn.session.handle_input(turn.now, Input::Failed(conn, Failure::Gone));
        });
    }
}

/// The client is gone.
impl<D: Data> Drop for Seat<D> {
    fn drop(&mut self) {
        if let Place::Waiting(pending, _) = &self.place {
            let left = pending.leave();
            self.running.reception.sweep();
            match left {
                Some(session) => self.place = Place::Seated(session, FIRST_CONN),
                None => return,
            }
        }
        if let Place::Seated(session, conn) = &self.place {
            self.leave(session, *conn);
        }
    }
}

impl<D: Data> fmt::Debug for Seat<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("is_reading", &self.is_reading()).finish_non_exhaustive()
    }
}

/// The request never came whole.
const fn cut_off() -> Response {
    Response { status: 400, headers: Headers::new(), body: Bytes::new(), coding: None }
}

/// The server went away under the request.
fn unavailable() -> http::Response<Bytes> {
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}
