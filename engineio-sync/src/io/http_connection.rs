//! A connection that speaks HTTP, one request after the other.

use std::mem;
use std::ops::ControlFlow;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use engineio_hub::listener::MAX_HEAD;
use engineio_hub::{Data, Framed, RemoteAddr};
use engineio_proto::Instant;
use engineio_proto::server::ConnectionFault;
use http::{Response, StatusCode, header};

use super::engine::Tools;
use super::output::Output;
use super::request::{ServerRequest, Step};
use crate::http1::{CONTINUE, Framing, HeadReader, refusal, response, switching_protocols};
use crate::stream::{Stream, Tcp};
use crate::websocket::Turn;

pub(super) struct HttpConnection<D: Data> {
    /// Bytes that came and aren't used yet.
    input: BytesMut,
    heads: HeadReader,
    output: Output,
    stage: Stage<D>,
}

enum Stage<D: Data> {
    /// Nothing of the next request has come.
    Idle {
        /// `None`: the last answer isn't written yet.
        until: Option<Instant>,
    },
    /// A part of its head has come.
    Head {
        until: Instant,
    },
    Request(ServerRequest<D>),
    /// A WebSocket, once its 101 is written.
    Switch(Framed),
    /// The last answer is on its way.
    Farewell {
        /// Whether the whole request was read, so that nothing unread can turn the end into a reset.
        is_read: bool,
    },
    /// The writing side is closed. Closing now, with unread bytes, would reset the connection, and
    /// the peer might lose the answer.
    Drain {
        until: Instant,
        left: usize,
    },
}

impl<D: Data> HttpConnection<D> {
    pub(super) fn new(until: Instant) -> Self {
        let (input, output) = (BytesMut::new(), Output::default());
        Self {
            input,
            heads: HeadReader::default(),
            output,
            stage: Stage::Idle { until: Some(until) },
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        // The other deadlines begin only after the writing.
        if let Some(until) = self.output.deadline() {
            return Some(until);
        }
        match &self.stage {
            Stage::Idle { until } => *until,
            Stage::Head { until } | Stage::Drain { until, .. } => Some(*until),
            Stage::Request(request) => request.deadline(),
            Stage::Switch(_) | Stage::Farewell { .. } => None,
        }
    }

    /// Does what can be done now. Call [`take_websocket`](Self::take_websocket) afterwards.
    pub(super) fn turn(
        &mut self,
        tcp: &mut Tcp,
        peer: RemoteAddr,
        tools: &mut Tools<'_, D>,
        cx: &mut Context<'_>,
    ) -> Turn {
        let mut answers = 0;
        for _ in 0..READS_PER_TURN {
            if let ControlFlow::Break(turn) = self.advance(tcp, peer, tools, &mut answers, cx) {
                return turn;
            }
            match tcp.poll_read(tools.scratch) {
                // All that came in time has been read.
                Poll::Pending if self.has_idled_enough(tools) => return Turn::Ended,
                Poll::Pending => {
                    if self.input.is_empty() {
                        // A waiting connection holds no memory for what it read.
                        self.input = BytesMut::new();
                    }
                    return Turn::Waiting;
                }
                // A peer that has ended its side gets only the answers that are ready by now.
                Poll::Ready(Ok(0) | Err(_)) => return Turn::Ended,
                Poll::Ready(Ok(count)) => {
                    let bytes = tools.scratch.get(..count).unwrap_or_default();
                    if let Stage::Drain { left, .. } = &mut self.stage {
                        *left = left.saturating_sub(bytes.len());
                    } else {
                        self.input.extend_from_slice(bytes);
                    }
                }
            }
        }
        Turn::Yielded
    }

    /// The WebSocket that the connection carries from now on, and what has come for it already.
    /// `None` while it still speaks HTTP.
    pub(super) fn take_websocket(&mut self) -> Option<(Framed, BytesMut)> {
        // The 101 has to be written first.
        if !matches!(self.stage, Stage::Switch(_)) || !self.output.is_empty() {
            return None;
        }
        match mem::replace(&mut self.stage, Stage::Idle { until: None }) {
            Stage::Switch(framed) => Some((framed, mem::take(&mut self.input))),
            Stage::Idle { .. }
            | Stage::Head { .. }
            | Stage::Request(_)
            | Stage::Farewell { .. }
            | Stage::Drain { .. } => None,
        }
    }

    /// Whether the connection no longer waits for a request.
    fn has_idled_enough(&self, tools: &Tools<'_, D>) -> bool {
        let Stage::Idle { until } = &self.stage else { return false };
        tools.is_stopping || until.is_some_and(|until| until <= tools.now)
    }

    /// Goes on until more has to be read, or the turn ends.
    fn advance(
        &mut self,
        tcp: &mut Tcp,
        peer: RemoteAddr,
        tools: &Tools<'_, D>,
        answers: &mut usize,
        cx: &mut Context<'_>,
    ) -> ControlFlow<Turn> {
        let now = tools.now;
        loop {
            match self.output.poll_write(tcp, now, tools.settings.patience) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return ControlFlow::Break(Turn::Ended),
                Poll::Pending => return ControlFlow::Break(Turn::Waiting),
            }
            match &mut self.stage {
                Stage::Idle { until } => {
                    // An empty line behind a body doesn't begin a request.
                    if let Err(fault) = self.heads.skip_empty_lines(&mut self.input) {
                        self.refuse(fault.into(), peer, tools);
                        continue;
                    }
                    if !self.input.is_empty() {
                        self.stage = Stage::Head { until: now + tools.settings.head_timeout };
                        continue;
                    }
                    until.get_or_insert_with(|| now + tools.settings.patience);
                    return ControlFlow::Continue(());
                }
                Stage::Head { until } => match self.heads.take(&mut self.input) {
                    Ok(Some(head)) => {
                        let (hub, settings) = (tools.hub, tools.settings);
                        self.stage =
                            Stage::Request(ServerRequest::begin(head, peer, hub, settings, now));
                    }
                    Ok(None) if *until <= now => {
                        self.refuse(ConnectionFault::SlowHead, peer, tools);
                    }
                    Ok(None) => return ControlFlow::Continue(()),
                    Err(fault) => self.refuse(fault.into(), peer, tools),
                },
                Stage::Request(request) => {
                    match request.poll(&mut self.input, now, cx) {
                        Step::Answer(answer) => {
                            self.answer(answer, tools);
                            *answers = answers.saturating_add(1);
                            if *answers == ANSWERS_PER_TURN {
                                return ControlFlow::Break(Turn::Yielded);
                            }
                        }
                        Step::Yield => return ControlFlow::Break(Turn::Yielded),
                        Step::Continue => self.output.push(CONTINUE),
                        Step::Upgrade(head, framed) => {
                            self.output.push(switching_protocols(&head));
                            self.stage = Stage::Switch(*framed);
                        }
                        // One more request waits here, the others in the kernel.
                        Step::Wait if !request.takes_more() && self.input.len() > MAX_HEAD => {
                            return ControlFlow::Break(Turn::Waiting);
                        }
                        Step::Wait => return ControlFlow::Continue(()),
                    }
                }
                Stage::Farewell { is_read } => {
                    let may_end = *is_read && tools.is_stopping && self.input.is_empty();
                    if may_end || !matches!(tcp.poll_shutdown(), Poll::Ready(Ok(()))) {
                        return ControlFlow::Break(Turn::Ended);
                    }
                    let until = now + tools.hub.config().linger();
                    let left = tools.hub.config().max_payload().max(MAX_HEAD);
                    self.input = BytesMut::new();
                    self.stage = Stage::Drain { until, left };
                }
                Stage::Drain { until, left } if *until <= now || *left == 0 => {
                    return ControlFlow::Break(Turn::Ended);
                }
                Stage::Drain { .. } => return ControlFlow::Continue(()),
                Stage::Switch(_) => return ControlFlow::Break(Turn::Yielded),
            }
        }
    }

    /// Sends the answer of the request, and makes way for the next one.
    fn answer(&mut self, answer: Response<Bytes>, tools: &Tools<'_, D>) {
        let Stage::Request(request) = &self.stage else { return };
        // The next request can't be found behind a body that wasn't read.
        let closes = !request.is_kept_alive || !request.is_read() || tools.is_stopping;
        let has_body = !request.is_head && !is_bodiless(answer.status());
        // These describe the body that a GET would get.
        let is_about = request.is_head || answer.status() == StatusCode::NOT_MODIFIED;
        let told = answer.headers().get(header::CONTENT_LENGTH).filter(|_| is_about);
        let told = told.and_then(|length| length.to_str().ok()?.parse().ok());
        let given = if has_body || is_about { answer.body().len() } else { 0 };
        let length = told.unwrap_or(given);
        let head = response(&answer, Framing { length, closes });
        let body = if has_body { answer.into_body() } else { Bytes::new() };
        self.output.push_with_body(head, body);
        let is_read = request.is_read();
        self.stage = if closes { Stage::Farewell { is_read } } else { Stage::Idle { until: None } };
    }

    /// Answers a head that is turned away, and tells the observer.
    fn refuse(&mut self, fault: ConnectionFault, peer: RemoteAddr, tools: &Tools<'_, D>) {
        tools.hub.refuse_connection(fault, Some(peer));
        self.output.push(refusal(fault));
        self.stage = Stage::Farewell { is_read: false };
    }
}

/// Whether answers of this status have no body by definition (RFC 9110, section 6.4.1).
fn is_bodiless(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
}

/// How many times a connection reads in one turn.
const READS_PER_TURN: usize = 16;

/// How many requests of a connection are answered in one turn.
const ANSWERS_PER_TURN: usize = 16;
