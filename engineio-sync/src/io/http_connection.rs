//! A connection that speaks HTTP: requests come in one after the other.

use std::ops::ControlFlow;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use engineio_hub::listener::MAX_HEAD;
use engineio_hub::{Data, Framed, RemoteAddr};
use engineio_proto::Instant;
use http::{Response, StatusCode, header};

use super::connection::Lent;
use super::output::Output;
use super::request::{ServerRequest, Step};
use crate::http1::{
    CONTINUE, Framing, bare, refusal, response, skip_empty_lines, switching_protocols, take_head,
};
use crate::stream::{Stream, Tcp};
use crate::websocket::Next;

pub(super) struct HttpConnection<D: Data> {
    /// What came and isn't used yet.
    input: BytesMut,
    /// How much of it holds no end of a head.
    seen: usize,
    output: Output,
    stage: Stage<D>,
}

enum Stage<D: Data> {
    /// Nothing of the next request has come.
    Idle {
        /// `None`: the last answer isn't written yet.
        until: Option<Instant>,
    },
    /// Some of its head has.
    Head {
        until: Instant,
    },
    Request(ServerRequest<D>),
    /// A WebSocket, once its 101 is written.
    Switch(Framed),
    /// The last answer is on its way.
    Farewell,
    /// The own side is ended. To close now, with something unread, would reset the connection,
    /// and the peer might lose the answer.
    Drain {
        until: Instant,
        left: usize,
    },
}

impl<D: Data> HttpConnection<D> {
    pub(super) fn new(until: Instant) -> Self {
        let (input, output) = (BytesMut::new(), Output::default());
        Self { input, seen: 0, output, stage: Stage::Idle { until: Some(until) } }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        // What comes after the writing can't be late before it.
        if let Some(until) = self.output.deadline() {
            return Some(until);
        }
        match &self.stage {
            Stage::Idle { until } => *until,
            Stage::Head { until } | Stage::Drain { until, .. } => Some(*until),
            Stage::Request(request) => request.deadline(),
            Stage::Switch(_) | Stage::Farewell => None,
        }
    }

    /// Does what can be done now.
    pub(super) fn turn(
        &mut self,
        tcp: &mut Tcp,
        peer: RemoteAddr,
        lent: &mut Lent<'_, D>,
        cx: &mut Context<'_>,
    ) -> Next {
        let mut answers = 0;
        for _ in 0..READS_PER_TURN {
            let is_last = match self.advance(tcp, peer, lent, &mut answers, cx) {
                ControlFlow::Continue(Read::On) => false,
                ControlFlow::Continue(Read::AtLast) => true,
                ControlFlow::Break(next) => return next,
            };
            match tcp.poll_read(lent.scratch) {
                Poll::Pending if is_last => return Next::End,
                Poll::Pending => {
                    if self.input.is_empty() {
                        // A connection that waits holds no memory for what it read.
                        self.input = BytesMut::new();
                    }
                    return Next::Wait;
                }
                // Whoever has ended its side takes no answer but those that were there by now.
                Poll::Ready(Ok(0) | Err(_)) => return Next::End,
                Poll::Ready(Ok(count)) => {
                    let bytes = lent.scratch.get(..count).unwrap_or_default();
                    if let Stage::Drain { left, .. } = &mut self.stage {
                        *left = left.saturating_sub(bytes.len());
                    } else {
                        self.input.extend_from_slice(bytes);
                    }
                }
            }
        }
        Next::Yield
    }

    /// Whether it is a WebSocket from now on.
    pub(super) const fn has_switched(&self) -> bool {
        matches!(self.stage, Stage::Switch(_))
    }

    /// The WebSocket that it has switched to, and what has come of it already.
    pub(super) fn into_websocket(self) -> Option<(Framed, BytesMut)> {
        if let Stage::Switch(framed) = self.stage { Some((framed, self.input)) } else { None }
    }

    /// Goes on until more has to be read.
    fn advance(
        &mut self,
        tcp: &mut Tcp,
        peer: RemoteAddr,
        lent: &Lent<'_, D>,
        answers: &mut usize,
        cx: &mut Context<'_>,
    ) -> ControlFlow<Next, Read> {
        let now = lent.now;
        loop {
            match self.output.poll_write(tcp, now, lent.settings.patience) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return ControlFlow::Break(Next::End),
                Poll::Pending => return ControlFlow::Break(Next::Wait),
            }
            match &mut self.stage {
                Stage::Idle { until } => {
                    // An empty line behind a body isn't the beginning of a request.
                    skip_empty_lines(&mut self.input);
                    if !self.input.is_empty() {
                        self.stage = Stage::Head { until: now + lent.settings.head_timeout };
                        continue;
                    }
                    let until = *until.get_or_insert_with(|| now + lent.settings.patience);
                    let is_over = until <= now || lent.is_stopping;
                    return ControlFlow::Continue(if is_over { Read::AtLast } else { Read::On });
                }
                Stage::Head { until } => match take_head(&mut self.input, &mut self.seen) {
                    Ok(Some(head)) => {
                        let (hub, settings) = (lent.hub, lent.settings);
                        self.stage =
                            Stage::Request(ServerRequest::begin(head, peer, hub, settings, now));
                    }
                    Ok(None) if *until <= now => {
                        self.bid_farewell(bare(StatusCode::REQUEST_TIMEOUT));
                    }
                    Ok(None) => return ControlFlow::Continue(Read::On),
                    Err(fault) => self.bid_farewell(refusal(fault)),
                },
                Stage::Request(request) => {
                    match request.poll(&mut self.input, now, cx) {
                        Step::Answer(answer) => {
                            self.answer(answer, lent);
                            *answers = answers.saturating_add(1);
                            if *answers == ANSWERS_PER_TURN {
                                return ControlFlow::Break(Next::Yield);
                            }
                        }
                        Step::Continue => self.output.push(CONTINUE),
                        Step::Upgrade(head, framed) => {
                            self.output.push(switching_protocols(&head));
                            self.stage = Stage::Switch(framed);
                        }
                        // The next request has to wait, and the one after that in the kernel.
                        Step::Wait if !request.takes_more() && self.input.len() > MAX_HEAD => {
                            return ControlFlow::Break(Next::Wait);
                        }
                        Step::Wait => return ControlFlow::Continue(Read::On),
                    }
                }
                Stage::Farewell => {
                    if !matches!(tcp.poll_shutdown(), Poll::Ready(Ok(()))) {
                        return ControlFlow::Break(Next::End);
                    }
                    let until = now + lent.hub.config().linger();
                    let left = lent.hub.config().max_payload().max(MAX_HEAD);
                    self.input = BytesMut::new();
                    self.stage = Stage::Drain { until, left };
                }
                Stage::Drain { until, left } if *until <= now || *left == 0 => {
                    return ControlFlow::Break(Next::End);
                }
                Stage::Drain { .. } => return ControlFlow::Continue(Read::On),
                Stage::Switch(_) => return ControlFlow::Break(Next::Wait),
            }
        }
    }

    /// Sends the answer to the request, and makes room for the next.
    fn answer(&mut self, answer: Response<Bytes>, lent: &Lent<'_, D>) {
        let Stage::Request(request) = &self.stage else { return };
        // Behind a body that wasn't read to its end, nothing can be found.
        let closes = !request.is_kept_alive || !request.is_read() || lent.is_stopping;
        let has_body = !request.is_head && !is_bodiless(answer.status());
        // These tell of the body that another request would get.
        let is_about = request.is_head || answer.status() == StatusCode::NOT_MODIFIED;
        let told = answer.headers().get(header::CONTENT_LENGTH).filter(|_| is_about);
        let told = told.and_then(|length| length.to_str().ok()?.parse().ok());
        let given = if has_body || is_about { answer.body().len() } else { 0 };
        let length = told.unwrap_or(given);
        let head = response(&answer, Framing { length, closes });
        let body = if has_body { answer.into_body() } else { Bytes::new() };
        self.output.push_with_body(head, body);
        self.stage = if closes { Stage::Farewell } else { Stage::Idle { until: None } };
    }

    fn bid_farewell(&mut self, last: Vec<u8>) {
        self.output.push(last);
        self.stage = Stage::Farewell;
    }
}

/// What is to be read before it can go on.
enum Read {
    On,
    /// Its time is over, but for what may have come already.
    AtLast,
}

/// Whether answers of this status have no body by definition (RFC 9110, section 6.4.1).
fn is_bodiless(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
}

/// How often one connection reads before the others have their turn.
const READS_PER_TURN: usize = 16;

/// How many requests of one connection are answered before that.
const ANSWERS_PER_TURN: usize = 16;
