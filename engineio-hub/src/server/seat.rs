//! A request while it is served.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use engineio_proto::server::{Input, Refusal, Transmit};
use engineio_proto::{ConnId, Failure, Headers, Response, ServerCloseReason};
use http::StatusCode;

use super::body::RequestBody;
use super::elsewhere::Forward;
use super::handler::carry;
use super::login::LoggingIn;
use super::pending::{Left, Outcome, PendingHandshake, RETRY_AFTER};
use super::running::Running;
use super::session::{FIRST_CONN, ServerSession, ServerTurn};
use super::stake::Stake;
use super::websocket::ServerWebSocket;
use crate::compression::{Compressing, SMALL, compress};
use crate::data::Data;
use crate::http_map;
use crate::memory::{Part, is_about};
use crate::refused::RequestLine;
use crate::shared::framed::Framed;
use crate::shared::session::Pace;
use crate::shared::waiters::Interest;
use crate::upgrade::{Switch, Upgrade};
use crate::websocket::WebSocket;

/// A request while it is served.
///
/// A binding reads the request's body while [`is_reading`](Self::is_reading), and reports it with
/// [`data`](Self::data), [`end`](Self::end) and [`failed`](Self::failed). It polls
/// [`poll_answer`](Self::poll_answer), which may have the answer before the body is complete.
/// Dropping the seat before that means that the client is gone.
pub struct Seat<D: Data = ()> {
    running: Arc<Running<D>>,
    place: Place<D>,
    body: RequestBody,
    /// For a WebSocket: what its answer needs.
    upgrade: Option<Box<Upgrade>>,
    /// `None`: its answer is known, or another node's to give.
    line: Option<RequestLine>,
    /// Counts what the body holds, once that is worth it.
    stake: Option<Stake<D>>,
}

pub(crate) enum Place<D: Data> {
    /// The answer is known already.
    Answered(Response),
    /// A session was opened, and this tells its client.
    Opened(Arc<ServerSession<D>>, Response),
    /// A handshake that waits for a decision.
    Waiting(Arc<PendingHandshake<D>>, Option<LoggingIn>),
    /// The answer to send once its body is compressed.
    Compressing(Box<(Response, Compressing)>),
    /// Another node serves it.
    Elsewhere(Box<Forward>),
    /// A session serves it.
    Seated(Arc<ServerSession<D>>, ConnId),
    /// It has its answer.
    Done,
}

/// The answer to a request. `Debug` shows no body.
#[expect(clippy::exhaustive_enums, reason = "a binding must handle every variant")]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once")]
pub enum Answer {
    /// Send this response.
    Respond {
        /// The response, compressed if the client and the settings allow it.
        response: http::Response<Bytes>,
        /// Before sending, read on while [`Seat::is_reading`], for this long at most: a client that
        /// is still writing may not see an earlier answer. `None`: send it at once.
        drain: Option<Duration>,
    },
    /// Send this 101, or over HTTP/2 this 200, then carry bytes between the stream and the
    /// [`Framed`].
    Upgrade(http::Response<()>, Framed),
    /// It is large, and a part of it has been compressed. Let other tasks, and what waits for input,
    /// have their turn, then poll again.
    Yield,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Respond { response, drain } => f
                .debug_struct("Respond")
                .field("status", &response.status())
                .field("length", &response.body().len())
                .field("drain", drain)
                .finish(),
            Self::Upgrade(response, framed) => {
                f.debug_tuple("Upgrade").field(response).field(framed).finish()
            }
            Self::Yield => f.write_str("Yield"),
        }
    }
}

/// An [`Answer`] with a response as the core writes it, for HTTP that is written here.
pub(crate) enum Plain {
    Respond { response: Response, drain: Option<Duration> },
    Upgrade(Box<(Switch, Framed)>),
    Yield,
}

/// The session's or the server's reply to the request.
enum Reply {
    Respond(Response),
    Refuse(Refusal),
    Upgrade(Headers),
    /// The server is gone.
    Gone,
}

impl<D: Data> Seat<D> {
    /// Makes the seat of a request.
    pub(crate) fn new(
        running: &Arc<Running<D>>,
        place: Place<D>,
        body: RequestBody,
        upgrade: Option<Box<Upgrade>>,
        line: Option<RequestLine>,
    ) -> Self {
        Self { running: Arc::clone(running), place, body, upgrade, line, stake: None }
    }

    /// What another node is to answer, if the request is for a session of one, once. The binding
    /// then forwards the request, and has no more use for the seat.
    ///
    /// There is none unless the server [joined](crate::Hub::join) a cluster. A binding that can't
    /// forward need not ask: it gets the same answer as if the node were unreachable.
    pub fn forward(&mut self) -> Option<Forward> {
        if !matches!(self.place, Place::Elsewhere(_)) {
            return None;
        }
        let place = mem::replace(&mut self.place, Place::Done);
        if let Place::Elsewhere(forward) = place { Some(*forward) } else { None }
    }

    /// The most bytes that are wanted of the request's body; `None` if none are. A binding that
    /// knows the length beforehand may report [`Failure::TooLarge`] at once.
    pub const fn body_limit(&self) -> Option<usize> {
        self.body.limit()
    }

    /// Whether to read on: the body is wanted, or the client is still writing and has to see the
    /// answer.
    pub const fn is_reading(&self) -> bool {
        self.body.is_open()
    }

    /// Takes a part of the body.
    pub fn data(&mut self, data: impl Buf) {
        if self.body.data(data).is_err() {
            self.input(|conn| Input::Failed(conn, Failure::TooLarge));
        }
        self.count_body();
        self.refuse_without_memory();
    }

    /// Reports that the body is complete.
    pub fn end(&mut self) {
        let body = self.body.end();
        self.count_body();
        if let Some(body) = body {
            self.input(|conn| Input::Body(conn, body));
        }
    }

    /// Reports that the body, or the connection, can't go on.
    ///
    /// Even a client that is gone gets an answer, for an HTTP implementation that needs one to end
    /// the connection.
    pub fn failed(&mut self, why: Failure) {
        if self.body.end().is_none() {
            return;
        }
        self.count_body();
        match (&self.place, why) {
            (Place::Seated(session, conn), Failure::Gone) => {
                self.leave(session, *conn);
                self.place = Place::Answered(CUT_OFF);
            }
            _ => self.input(|conn| Input::Failed(conn, why)),
        }
    }

    /// Waits for the answer. Must not be polled again after it was ready, but after a
    /// [`Yield`](Answer::Yield), of which a large answer gives some while it is compressed.
    pub fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Answer> {
        self.poll_plain(cx).map(|answer| match answer {
            Plain::Respond { response, drain } => {
                Answer::Respond { response: http_map::response(response), drain }
            }
            Plain::Upgrade(switch) => {
                let (switch, framed) = *switch;
                Answer::Upgrade(switch.into_response(), framed)
            }
            Plain::Yield => Answer::Yield,
        })
    }

    /// As [`poll_answer`](Self::poll_answer), with a response as the core writes it.
    pub(crate) fn poll_plain(&mut self, cx: &mut Context<'_>) -> Poll<Plain> {
        if let Place::Compressing(_) = self.place {
            return Poll::Ready(self.compress_on());
        }
        if let Some(forward) = self.forward() {
            return Poll::Ready(self.respond(forward.not_forwarded()));
        }
        let reply = ready!(self.poll_reply(cx));
        let place = mem::replace(&mut self.place, Place::Done);
        let response = match reply {
            Reply::Upgrade(headers) => {
                if let (Place::Seated(session, conn), Some(mut upgrade)) =
                    (place, self.upgrade.take())
                {
                    upgrade.deflate = upgrade.deflate.filter(|_| session.side.may_compress);
                    let websocket = Box::new(ServerWebSocket::new(&self.running, session));
                    let socket = WebSocket::server(self.running.core.config.max_payload());
                    let framed = Framed::new(websocket, conn, socket.compressed(upgrade.deflate));
                    let switch = Box::new((upgrade.answer(headers), framed));
                    return Poll::Ready(Plain::Upgrade(switch));
                }
                UNAVAILABLE
            }
            Reply::Respond(mut response) => {
                if let Some(coding) = response.coding {
                    let body = mem::take(&mut response.body);
                    if body.len() > SMALL {
                        let compressing = Compressing::new(coding, body);
                        self.place = Place::Compressing(Box::new((response, compressing)));
                        return Poll::Ready(self.compress_on());
                    }
                    response.body = compress(coding, &body);
                }
                response
            }
            Reply::Refuse(refusal) => {
                self.refused(&refusal);
                refusal.response()
            }
            Reply::Gone => UNAVAILABLE,
        };
        Poll::Ready(self.respond(response))
    }

    /// Takes the next step of compressing the answer.
    fn compress_on(&mut self) -> Plain {
        let Place::Compressing(answer) = &mut self.place else { return Plain::Yield };
        let (response, compressing) = &mut **answer;
        let Some(whole) = compressing.step() else { return Plain::Yield };
        let response = Response { body: whole, ..mem::replace(response, UNAVAILABLE) };
        self.place = Place::Done;
        self.respond(response)
    }

    fn respond(&mut self, mut response: Response) -> Plain {
        self.body.answered();
        self.count_body();
        self.running.core.count_answer(&mut response);
        // A client that was too slow gets no more time.
        let is_late = response.status == StatusCode::REQUEST_TIMEOUT;
        let patience = self.running.core.config.body_timeout();
        let drain = (self.body.is_open() && !is_late).then_some(patience);
        Plain::Respond { response, drain }
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
                Outcome::Accepted(session, Some(answer)) => Place::Opened(session, answer),
                Outcome::Accepted(session, None) => Place::Seated(session, FIRST_CONN),
                Outcome::Refused(refusal) => return Poll::Ready(Reply::Refuse(refusal)),
            };
        }
        if let Some(response) = self.take_response() {
            return Poll::Ready(Reply::Respond(response));
        }
        let (session, conn) = match &self.place {
            Place::Seated(session, conn) => (session, *conn),
            Place::Answered(_)
            | Place::Opened(..)
            | Place::Waiting(..)
            | Place::Compressing(_)
            | Place::Elsewhere(_)
            | Place::Done => return Poll::Pending,
        };
        let polled = carry(self.running.handler(), session, Pace::Full, |turn| {
            let reply = match turn.session.poll_transmit(conn) {
                Some(Transmit::Respond(response)) => Reply::Respond(response),
                Some(Transmit::Refuse(refusal)) => Reply::Refuse(refusal),
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

    /// Takes the response, if it is known.
    fn take_response(&mut self) -> Option<Response> {
        if !matches!(self.place, Place::Answered(_) | Place::Opened(..)) {
            return None;
        }
        let place = mem::replace(&mut self.place, Place::Done);
        if let Place::Answered(response) | Place::Opened(_, response) = place {
            Some(response)
        } else {
            None
        }
    }

    /// Counts what the body holds.
    fn count_body(&mut self) {
        let held = self.body.held();
        if is_about(self.stake.as_ref().map_or(0, Stake::counted), held) {
            return;
        }
        if let (None, Place::Seated(session, _)) = (&self.stake, &self.place) {
            self.stake = Some(Stake::new(Arc::clone(session), Part::Incoming));
        }
        self.stake.iter_mut().for_each(|stake| stake.count(held));
    }

    /// Refuses the rest of the body if all sessions together hold too much, and this one has a part
    /// in it.
    fn refuse_without_memory(&mut self) {
        if !self.running.core.budget.is_exceeded() {
            return;
        }
        let Place::Seated(session, _) = &self.place else { return };
        if session.side.lacks_memory_for(self.body.len()) {
            self.body.answered();
            self.count_body();
            let seconds = RETRY_AFTER.as_secs();
            self.act(|turn, conn| turn.session.refuse_body(turn.now, conn, seconds));
        }
    }

    /// Gives the session something of this request, and takes the answer if that brings it.
    fn input(&mut self, input: impl FnOnce(ConnId) -> Input) {
        self.act(|turn, conn| turn.session.handle_input(turn.now, input(conn)));
    }

    fn act(&mut self, act: impl FnOnce(&mut ServerTurn<'_, D>, ConnId)) {
        let Place::Seated(session, conn) = &self.place else { return };
        let is_framed = self.upgrade.is_some();
        let answer = carry(self.running.handler(), session, Pace::Full, |turn| {
            act(turn, *conn);
            if is_framed { None } else { turn.take_answer(*conn) }
        });
        let Some(answer) = answer.flatten() else { return };
        let response = answer.unwrap_or_else(|refusal| {
            self.refused(&refusal);
            refusal.response()
        });
        self.place = Place::Answered(response);
    }

    /// Tells the observer that the request is turned away.
    #[cold]
    fn refused(&self, refusal: &Refusal) {
        if let Some(line) = &self.line {
            self.running.core.refused(refusal, line);
        }
    }

    /// Tells the session that this connection is gone.
    fn leave(&self, session: &Arc<ServerSession<D>>, conn: ConnId) {
        carry(self.running.handler(), session, Pace::Full, |turn| {
            turn.waiters.forget_seat(conn);
            turn.session.handle_input(turn.now, Input::Failed(conn, Failure::Gone));
        });
    }
}

/// Reports that the client is gone, if it has no answer yet.
impl<D: Data> Drop for Seat<D> {
    fn drop(&mut self) {
        match &self.place {
            Place::Waiting(pending, _) => {
                let left = pending.leave();
                self.running.reception.sweep();
                match left {
                    Left::Session(session) => session.abort(ServerCloseReason::TransportLost),
                    Left::Undecided(Some(refusal)) => self.refused(&refusal),
                    Left::Undecided(None) => {}
                }
            }
            // Its client doesn't know its identifier.
            Place::Opened(session, _) => session.abort(ServerCloseReason::TransportLost),
            Place::Seated(session, conn) => self.leave(session, *conn),
            Place::Answered(_) | Place::Compressing(_) | Place::Elsewhere(_) | Place::Done => {}
        }
    }
}

impl<D: Data> fmt::Debug for Seat<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("is_reading", &self.is_reading()).finish_non_exhaustive()
    }
}

/// The answer to a request that was cut off.
const CUT_OFF: Response = empty(400);

/// The answer if the server is gone.
pub(super) const UNAVAILABLE: Response = empty(503);

const fn empty(status: u16) -> Response {
    Response { status, headers: Headers::new(), body: Bytes::new(), coding: None }
}
