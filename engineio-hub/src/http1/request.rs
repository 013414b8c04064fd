//! One request, from its head to its answer.

use std::task::{Context, Poll};

use bytes::BytesMut;
use engineio_proto::{Failure, Instant, Response};
use http::{Method, Request, StatusCode};

use super::fallback::{Fallback, MAX_BODY};
use super::response::Answer;
use super::{Body, LazyParts, ReadHead, Settings};
use crate::data::Data;
use crate::server::{Hub, Plain, RemoteAddr, Seat};
use crate::shared::framed::Framed;
use crate::upgrade::Switch;

/// A request, and how far its answer is.
pub(super) struct ServerRequest<D: Data> {
    body: Body,
    has_body: bool,
    /// The body is malformed: no more is read.
    is_broken: bool,
    /// The client waits for a `100 Continue` before it sends the body.
    awaits_continue: bool,
    is_head: bool,
    is_kept_alive: bool,
    /// How long to wait for more of the body, where the session doesn't decide that.
    deadline: Option<Instant>,
    responder: Responder<D>,
}

/// The source of the answer.
enum Responder<D: Data> {
    /// A session, or the hub. The answer is kept while the client is still writing.
    Hub { seat: Seat<D>, answer: Option<Box<Answer>> },
    Fallback {
        head: Option<LazyParts>,
        peer: Option<RemoteAddr>,
        body: BytesMut,
        handler: Fallback,
    },
    /// The answer is known.
    Ready(Option<Box<Answer>>),
}

/// A request whose head was read.
pub(super) enum Begun<D: Data> {
    /// It had its answer at once.
    Answered(Response, End),
    Waiting(Box<ServerRequest<D>>),
}

/// What of a request decides about the shape of its answer, and what follows.
#[derive(Clone, Copy)]
pub(super) struct End {
    pub(super) is_head: bool,
    pub(super) is_kept_alive: bool,
    /// Whether the whole request was read, so that the next one follows.
    pub(super) is_read: bool,
}

/// The next step for a request.
pub(super) enum Step {
    /// Wait until more of the body has come, or the waker is woken.
    Wait,
    /// Let others have their turn, and go on then.
    Yield,
    /// Tell the client to send the body.
    Continue,
    Answer(Answer),
    Upgrade(Box<(Switch, Framed)>),
}

impl<D: Data> ServerRequest<D> {
    pub(super) fn begin(
        head: &ReadHead<'_>,
        rest: &[u8],
        peer: Option<RemoteAddr>,
        hub: &Hub<D>,
        settings: &Settings,
    ) -> (Begun<D>, usize) {
        let (mut body, mut used) = (head.body(), 0);
        let whole = body.whole(rest).filter(|whole| {
            head.request.method == Method::POST && whole.len() <= hub.config().max_payload()
        });
        let is_head = head.request.method == Method::HEAD;
        let is_kept_alive = head.is_kept_alive();
        let is_whole = body.is_ended() || whole.is_some();
        let (responder, deadline) = match hub.admit_read(head, whole, is_whole, peer) {
            Some(Ok(response)) => {
                let end = End { is_head, is_kept_alive, is_read: true };
                return (Begun::Answered(response, end), whole.map_or(0, <[u8]>::len));
            }
            Some(Err(seat)) => {
                if let Some(whole) = whole {
                    (body, used) = (Body::Sized(0), whole.len());
                }
                (Responder::Hub { seat, answer: None }, None)
            }
            None => match settings.fallback.clone() {
                Some(handler) => {
                    let by = hub.now() + hub.config().body_timeout();
                    let (head, body) = (Some(head.keep()), BytesMut::new());
                    (Responder::Fallback { head, peer, body, handler }, Some(by))
                }
                None => {
                    let answer = Answer::Ours(hub.not_found_at(&head.request, peer));
                    (Responder::Ready(Some(Box::new(answer))), None)
                }
            },
        };
        let mut request = Box::new(Self {
            awaits_continue: head.expects_continue() && !body.is_ended(),
            has_body: !body.is_ended(),
            is_broken: false,
            body,
            is_head,
            is_kept_alive,
            deadline,
            responder,
        });
        request.refuse_early();
        (Begun::Waiting(request), used)
    }

    /// Refuses a body that is too long before a client that waits for a `100 Continue` sends it.
    fn refuse_early(&mut self) {
        if let Responder::Hub { seat, .. } = &mut self.responder
            && self.awaits_continue
            && seat.body_limit().is_some_and(|limit| self.body.is_longer_than(limit))
        {
            seat.failed(Failure::TooLarge);
        }
    }

    pub(super) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// How it has ended once its answer is known.
    pub(super) fn end(&self) -> End {
        let Self { is_head, is_kept_alive, .. } = *self;
        End { is_head, is_kept_alive, is_read: self.body.is_ended() }
    }

    /// Whether bytes that come next belong to this request.
    pub(super) fn takes_more(&self) -> bool {
        let is_wanted = match &self.responder {
            Responder::Hub { seat, .. } => seat.is_reading(),
            Responder::Fallback { .. } | Responder::Ready(_) => true,
        };
        is_wanted && !self.body.is_ended() && !self.is_broken
    }

    /// Takes the part of the body that has come, and looks for the answer.
    pub(super) fn poll(
        &mut self,
        input: &mut BytesMut,
        hub: &Hub<D>,
        cx: &mut Context<'_>,
    ) -> Step {
        self.take_body(input);
        let is_late = self.deadline.is_some_and(|deadline| deadline <= hub.now());
        let Self { body, responder, is_broken, .. } = self;
        match responder {
            Responder::Fallback { head, peer, body: collected, handler } => {
                let status = if *is_broken {
                    StatusCode::BAD_REQUEST
                } else if collected.len() > MAX_BODY || body.is_longer_than(MAX_BODY) {
                    StatusCode::PAYLOAD_TOO_LARGE
                } else if body.is_ended() {
                    let Some(head) = head.take() else { return Step::Wait };
                    let mut parts = *head.into_parts();
                    peer.map(|peer| parts.extensions.insert(peer));
                    let request = Request::from_parts(parts, collected.split().freeze());
                    return Step::Answer(handler.answer(request));
                } else if is_late {
                    StatusCode::REQUEST_TIMEOUT
                } else {
                    return self.wait();
                };
                Step::Answer(Answer::empty(status))
            }
            Responder::Ready(answer) => match answer.take() {
                Some(answer) => Step::Answer(*answer),
                None => Step::Wait,
            },
            Responder::Hub { seat, answer } => {
                let response = match answer.take() {
                    Some(response) => *response,
                    None => match seat.poll_plain(cx) {
                        // What follows can't be understood, so the connection ends.
                        Poll::Pending if *is_broken => {
                            return Step::Answer(Answer::empty(StatusCode::BAD_REQUEST));
                        }
                        Poll::Pending => return self.wait(),
                        Poll::Ready(Plain::Yield) => return Step::Yield,
                        Poll::Ready(Plain::Respond { response, drain }) => {
                            self.deadline = drain.map(|patience| hub.now() + patience);
                            Answer::Ours(response)
                        }
                        // Whoever reads no body here takes it for frames.
                        Poll::Ready(Plain::Upgrade(_)) if self.has_body => {
                            self.is_kept_alive = false;
                            return Step::Answer(Answer::empty(StatusCode::BAD_REQUEST));
                        }
                        Poll::Ready(Plain::Upgrade(switch)) => return Step::Upgrade(switch),
                    },
                };
                let may_drain = seat.is_reading() && !*is_broken && !self.awaits_continue;
                if may_drain && self.deadline.is_some_and(|deadline| hub.now() < deadline) {
                    *answer = Some(Box::new(response));
                    return Step::Wait;
                }
                Step::Answer(response)
            }
        }
    }

    fn take_body(&mut self, input: &mut BytesMut) {
        while self.takes_more() {
            match self.body.take(input) {
                Ok(None) => break,
                Ok(Some(part)) => match &mut self.responder {
                    Responder::Hub { seat, .. } => seat.data(part),
                    // It is too long already: the rest is dropped.
                    Responder::Fallback { body, .. } if body.len() > MAX_BODY => {}
                    Responder::Fallback { body, .. } => body.unsplit(part),
                    Responder::Ready(_) => {}
                },
                Err(_) => {
                    self.is_broken = true;
                    if let Responder::Hub { seat, .. } = &mut self.responder {
                        seat.failed(Failure::Malformed);
                    }
                }
            }
        }
        if let Responder::Hub { seat, .. } = &mut self.responder
            && self.body.is_ended()
        {
            seat.end();
        }
    }

    fn wait(&mut self) -> Step {
        if std::mem::take(&mut self.awaits_continue) { Step::Continue } else { Step::Wait }
    }
}
