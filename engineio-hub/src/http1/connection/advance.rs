//! What a connection does with what has come.

use std::mem;
use std::task::Context;

use bytes::{Buf as _, Bytes};
use engineio_proto::server::ConnectionFault;
use http::StatusCode;

use super::{Next, PREFACE_START, ServerConnection, Stage};
use crate::data::Data;
use crate::http1::output::Output;
use crate::http1::request::{Begun, End, ServerRequest, Step};
use crate::http1::response::{Answer, CONTINUE, Framing, refusal, switching_protocols};
use crate::http1::{HeadReader, ReadHead};

impl<D: Data> ServerConnection<D> {
    /// Goes on as far as possible.
    pub(super) fn advance(&mut self, cx: &mut Context<'_>) -> Next {
        loop {
            if !self.output.is_empty() {
                return Next::Write;
            }
            match &mut self.stage {
                // What follows waits until others had their turn.
                Stage::Idle { .. } | Stage::Head { .. }
                    if self.answers >= ANSWERS_PER_TURN && !self.input.is_empty() =>
                {
                    return Next::Yield;
                }
                Stage::Idle { .. } | Stage::Head { .. } => match self.heads.find(&mut self.input) {
                    Ok(Some(len)) => {
                        let mut input = mem::take(&mut self.input);
                        input.advance(self.begin(&input, len));
                        self.input = input;
                    }
                    Ok(None) => {
                        self.await_head();
                        return Next::Read;
                    }
                    Err(fault) => self.refuse(fault.into()),
                },
                Stage::Request(request) => match request.poll(&mut self.input, &self.hub, cx) {
                    Step::Answer(answer) => {
                        let end = request.end();
                        self.answer(&end, answer);
                    }
                    Step::Yield => return Next::Yield,
                    Step::Continue => {
                        self.output = Output::new(CONTINUE.to_vec(), Bytes::new());
                    }
                    Step::Upgrade(switch) => {
                        let head = switching_protocols(&switch.0);
                        self.output = Output::new(head, Bytes::new());
                        self.stage = Stage::Switch(switch);
                    }
                    Step::Wait if self.room() == 0 => return Next::Wait,
                    Step::Wait => return Next::Read,
                },
                Stage::Farewell { is_read } => {
                    if !(*is_read && self.is_stopping && self.input.is_empty()) {
                        return Next::ShutDown;
                    }
                    self.stage = Stage::Close;
                }
                Stage::Drain { until, left } => {
                    if *left > 0 && self.hub.now() < *until {
                        return Next::Read;
                    }
                    self.stage = Stage::Drop;
                }
                Stage::Close => return Next::Close,
                Stage::Switch(_) | Stage::Http2 | Stage::Drop => return Next::Drop,
            }
        }
    }

    /// Begins with the request that `bytes` begin with, whose head is so long. Returns how many of
    /// them it has used.
    fn begin(&mut self, bytes: &[u8], len: usize) -> usize {
        let (head, rest) = bytes.split_at_checked(len).unwrap_or((bytes, &[]));
        match ReadHead::new(head) {
            Ok(head) => len.saturating_add(self.begin_request(&head, rest)),
            Err(fault) => {
                self.refuse(fault.into());
                0
            }
        }
    }

    /// Begins with a request whose head has come in one piece, where it was read to. Returns how
    /// many of the bytes it has used.
    pub(super) fn begin_in_place(&mut self, bytes: &[u8]) -> usize {
        let is_next = matches!(self.stage, Stage::Idle { .. }) && self.input.is_empty();
        if !is_next || self.answers >= ANSWERS_PER_TURN || bytes.starts_with(PREFACE_START) {
            return 0;
        }
        let used = ReadHead::whole(bytes, |head, len| {
            self.heads = HeadReader::default();
            len.saturating_add(self.begin_request(head, bytes.get(len..).unwrap_or_default()))
        });
        used.unwrap_or(0)
    }

    /// Begins with a request. Returns how much of what follows its head it has used.
    fn begin_request(&mut self, head: &ReadHead<'_>, rest: &[u8]) -> usize {
        self.is_unused = false;
        let Self { hub, settings, peer, .. } = self;
        let (begun, used) = ServerRequest::begin(head, rest, *peer, hub, settings);
        match begun {
            Begun::Answered(response, end) => self.answer(&end, Answer::Ours(response)),
            Begun::Waiting(request) => self.stage = Stage::Request(request),
        }
        used
    }

    /// Waits for the rest of a head, or for its beginning. An empty line behind a body doesn't
    /// begin one.
    fn await_head(&mut self) {
        let Self { stage, settings, hub, .. } = self;
        let Stage::Idle { until } = stage else { return };
        if matches!(&self.input[..], b"" | b"\r") {
            until.get_or_insert_with(|| hub.now() + settings.idle_timeout);
        } else {
            *stage = Stage::Head { until: hub.now() + settings.head_timeout };
        }
    }

    /// Whether a head has begun that should be whole by now.
    pub(super) fn is_late(&self) -> bool {
        matches!(self.stage, Stage::Head { until } if until <= self.hub.now())
    }

    /// Sends the answer of the request, and makes way for the next one.
    fn answer(&mut self, request: &End, answer: Answer) {
        let &End { is_head, is_kept_alive, is_read } = request;
        // The next request can't be found behind a body that wasn't read.
        let closes = !is_kept_alive || !is_read || self.is_stopping;
        let has_body = !is_head && !is_bodiless(answer.status());
        // These describe the body that a GET would get.
        let is_about = is_head || answer.status() == StatusCode::NOT_MODIFIED;
        let told = if is_about { answer.told_length() } else { None };
        let length = match answer.status() {
            // Without a body by definition (RFC 9110, section 8.6).
            StatusCode::NO_CONTENT => None,
            StatusCode::NOT_MODIFIED => told,
            _ if has_body || is_about => told.or_else(|| Some(answer.body().len())),
            _ => Some(0),
        };
        let framing = Framing { length, closes };
        self.output = if has_body {
            let head = answer.head(framing, Output::joined(answer.body()));
            Output::new(head, answer.into_body())
        } else {
            Output::new(answer.head(framing, 0), Bytes::new())
        };
        self.stage = if closes { Stage::Farewell { is_read } } else { Stage::Idle { until: None } };
        self.answers = self.answers.saturating_add(1);
    }

    /// Answers a head that is turned away, and tells the observer.
    pub(super) fn refuse(&mut self, fault: ConnectionFault) {
        self.hub.refuse_connection(fault, self.peer);
        self.output = Output::new(refusal(fault), Bytes::new());
        self.stage = Stage::Farewell { is_read: false };
    }
}

/// Whether answers of this status have no body by definition (RFC 9110, section 6.4.1).
fn is_bodiless(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)
}

/// How many requests of a connection are answered in one turn.
const ANSWERS_PER_TURN: u8 = 16;
