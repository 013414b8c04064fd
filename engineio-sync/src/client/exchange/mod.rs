//! One request and its answer, as bytes.
//!
//! `ureq-proto` writes and parses. This adds what it leaves to its caller: the head of an answer is
//! parsed once, when all of it is there, and nothing grows without bounds.

mod poll;

use std::io;

use bytes::Bytes;
use engineio_proto::Failure;
use http::header::{self, HeaderValue};
use http::response::Parts;
use http::{Method, Request, StatusCode};
use ureq_proto::client::state::{RecvBody, RecvResponse};
use ureq_proto::client::{Call, RecvBodyResult, RecvResponseResult, SendRequestResult};
use ureq_proto::{BodyMode, Error};

use super::error::BoxError;

/// A request on its way, and the part of its answer that has come.
pub(super) struct ClientExchange {
    /// The whole request, and how much of it is written.
    request: Vec<u8>,
    sent: usize,
    /// Bytes that came and aren't consumed. No longer than a head and one read.
    received: Vec<u8>,
    /// How much of `received` was searched for the end of a head.
    searched: usize,
    /// The length of all heads, the answer's and those of 1xx before it; then that of the
    /// trailers.
    overhead: usize,
    /// The longest body of an answer, in bytes.
    limit: usize,
    is_connect: bool,
    has_heard: bool,
    stage: Stage,
}

enum Stage {
    Head(Call<RecvResponse>),
    Body(Box<Parts>, Call<RecvBody>, Vec<u8>),
    Over,
}

/// A whole answer. A 101 and the answer to a `CONNECT` have no body.
pub(super) struct Answer {
    pub(super) parts: Parts,
    pub(super) body: Bytes,
    /// Bytes that came behind it.
    pub(super) rest: Vec<u8>,
    /// Whether the connection can take another request.
    pub(super) may_reuse: bool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the answer is not valid HTTP")]
    Malformed(#[source] BoxError),
    #[error("the body of the answer is longer than {0} bytes")]
    TooLarge(usize),
    #[error("the connection ended before the answer did")]
    Cut,
    #[error("the connection broke")]
    Broken(#[source] io::Error),
}

impl Fault {
    pub(super) const fn failure(&self) -> Failure {
        match self {
            Self::Malformed(_) => Failure::Malformed,
            Self::TooLarge(_) => Failure::TooLarge,
            Self::Cut | Self::Broken(_) => Failure::Gone,
        }
    }
}

/// An error in an answer is the server's fault.
impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Malformed(error.into())
    }
}

impl ClientExchange {
    /// Prepares a request. The body of its answer may be as long as `limit` bytes.
    ///
    /// The error is about a header from the application that makes no sense here.
    pub(super) fn new(request: Request<Bytes>, limit: usize) -> Result<Self, BoxError> {
        let (mut head, body) = request.into_parts();
        if head.method == Method::POST {
            head.headers.insert(header::CONTENT_LENGTH, body.len().into());
        }
        let is_connect = head.method == Method::CONNECT;
        let mut request = vec![0; head_bound(&head)];
        let mut call = Call::new(Request::from_parts(head, ()))?.proceed();
        let length = call.write(&mut request)?;
        request.truncate(length);
        request.extend_from_slice(&body);
        let call = match call.proceed()? {
            Some(SendRequestResult::RecvResponse(call)) => call,
            Some(SendRequestResult::SendBody(mut call)) => {
                call.consume_direct_write(body.len())?;
                call.proceed().ok_or("the request has no end")?
            }
            Some(SendRequestResult::Await100(_)) => {
                return Err("`Expect: 100-continue` is not supported".into());
            }
            None => return Err("the request has no end".into()),
        };
        Ok(Self {
            request,
            sent: 0,
            received: Vec::new(),
            searched: 0,
            overhead: 0,
            limit,
            is_connect,
            has_heard: false,
            stage: Stage::Head(call),
        })
    }

    /// The bytes to write next.
    pub(super) fn unsent(&self) -> &[u8] {
        self.request.get(self.sent..).unwrap_or_default()
    }

    /// Notes that as many bytes were written.
    pub(super) const fn sent(&mut self, count: usize) {
        self.sent = self.sent.saturating_add(count);
    }

    /// Whether anything of the answer has come.
    pub(super) const fn has_heard(&self) -> bool {
        self.has_heard
    }

    /// Takes bytes that were read. `Some`: they complete the answer, and the exchange is over.
    pub(super) fn receive(&mut self, bytes: &[u8]) -> Result<Option<Answer>, Fault> {
        self.has_heard = true;
        self.received.extend_from_slice(bytes);
        loop {
            match std::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Head(call) => {
                    if let Some(answer) = self.head(call)? {
                        return Ok(Some(answer));
                    }
                    if matches!(self.stage, Stage::Head(_)) {
                        return Ok(None);
                    }
                }
                Stage::Body(parts, call, body) => return self.body(parts, call, body),
                Stage::Over => return Ok(None),
            }
        }
    }

    /// Notes the end of the stream, which may be the end of the body.
    pub(super) fn end(&mut self) -> Result<Answer, Fault> {
        match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Body(parts, call, body) if call.body_mode() == BodyMode::CloseDelimited => {
                Ok(Answer { parts: *parts, body: body.into(), rest: Vec::new(), may_reuse: false })
            }
            Stage::Head(_) | Stage::Body(..) | Stage::Over => Err(Fault::Cut),
        }
    }

    /// Reads heads up to the answer's own. Puts a stage back, unless the answer is complete.
    fn head(&mut self, mut call: Call<RecvResponse>) -> Result<Option<Answer>, Fault> {
        loop {
            let known = self.received.len().min(START.len());
            if self.received.get(..known) != START.get(..known) {
                return Err(malformed("it doesn't begin like an HTTP answer"));
            }
            let Some(length) = self.head_length() else {
                if self.overhead.saturating_add(self.received.len()) > LONGEST_HEAD {
                    return Err(malformed("its head is too long"));
                }
                self.stage = Stage::Head(call);
                return Ok(None);
            };
            self.overhead = self.overhead.saturating_add(length);
            if self.overhead > LONGEST_HEAD {
                return Err(malformed("its head is too long"));
            }
            let head = self.received.get(..length).unwrap_or_default();
            let (used, response) = call.try_response(head, false)?;
            if used == 0 {
                return Err(malformed("its head has no end"));
            }
            self.consume(used);
            if let Some(response) = response {
                return self.headed(response.into_parts().0, call);
            }
        }
    }

    /// Goes on behind the head of the answer.
    fn headed(&mut self, parts: Parts, call: Call<RecvResponse>) -> Result<Option<Answer>, Fault> {
        let is_over = parts.status == StatusCode::SWITCHING_PROTOCOLS || self.is_connect;
        if is_over {
            return Ok(Some(self.answer(parts, Vec::new(), false)));
        }
        // ureq-proto takes every coding that contains the word for `chunked`.
        let mut codings = parts.headers.get_all(header::TRANSFER_ENCODING).iter();
        let is_chunked =
            |coding: &HeaderValue| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked");
        if !codings.next().is_none_or(is_chunked) || codings.next().is_some() {
            return Err(malformed("its body is in an unknown coding"));
        }
        match call.proceed() {
            Some(RecvResponseResult::RecvBody(call)) => {
                if let BodyMode::LengthDelimited(length) = call.body_mode()
                    && usize::try_from(length).map_or(true, |length| length > self.limit)
                {
                    return Err(Fault::TooLarge(self.limit));
                }
                self.overhead = 0;
                self.stage = Stage::Body(Box::new(parts), call, Vec::new());
                Ok(None)
            }
            Some(RecvResponseResult::Redirect(call)) => {
                let may_reuse = !call.must_close_connection();
                Ok(Some(self.answer(parts, Vec::new(), may_reuse)))
            }
            Some(RecvResponseResult::Cleanup(call)) => {
                let may_reuse = !call.must_close_connection();
                Ok(Some(self.answer(parts, Vec::new(), may_reuse)))
            }
            None => Err(malformed("it has no head")),
        }
    }

    fn body(
        &mut self,
        parts: Box<Parts>,
        mut call: Call<RecvBody>,
        mut body: Vec<u8>,
    ) -> Result<Option<Answer>, Fault> {
        loop {
            let length = body.len();
            // The body is never longer than its coded form.
            body.resize(length.saturating_add(self.received.len()), 0);
            let room = body.get_mut(length..).unwrap_or_default();
            let (used, made) = call.read(&self.received, room)?;
            body.truncate(length.saturating_add(made));
            self.consume(used);
            if body.len() > self.limit {
                return Err(Fault::TooLarge(self.limit));
            }
            if call.is_ended_chunked() {
                self.overhead = self.overhead.saturating_add(used.saturating_sub(made));
            }
            if used == 0 || self.received.is_empty() {
                break;
            }
        }
        if call.body_mode() == BodyMode::CloseDelimited || !call.can_proceed() {
            // The rest is a size line or a trailer that isn't complete.
            if self.overhead.saturating_add(self.received.len()) > LONGEST_HEAD {
                return Err(malformed("its trailers are too long"));
            }
            self.stage = Stage::Body(parts, call, body);
            return Ok(None);
        }
        let may_reuse = match call.proceed() {
            Some(RecvBodyResult::Cleanup(call)) => !call.must_close_connection(),
            Some(RecvBodyResult::Redirect(call)) => !call.must_close_connection(),
            None => false,
        };
        Ok(Some(self.answer(*parts, body, may_reuse)))
    }

    fn answer(&mut self, parts: Parts, body: Vec<u8>, may_reuse: bool) -> Answer {
        let rest = std::mem::take(&mut self.received);
        // A server that answers before the end of the request may never read the rest of it.
        let may_reuse = may_reuse && rest.is_empty() && self.unsent().is_empty();
        Answer { parts, body: body.into(), rest, may_reuse }
    }

    /// The length of the first head with its empty line, once it is complete.
    fn head_length(&mut self) -> Option<usize> {
        let from = self.searched.saturating_sub(b"\n\r".len());
        let unknown = self.received.get(from..).unwrap_or_default();
        let mut lines = unknown.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let end = lines.find_map(|(place, _)| {
            let next = unknown.get(place.saturating_add(1)..).unwrap_or_default();
            let length = if next.starts_with(b"\n") {
                1
            } else if next.starts_with(b"\r\n") {
                2
            } else {
                return None;
            };
            Some(from.saturating_add(place).saturating_add(1).saturating_add(length))
        });
        self.searched = self.received.len();
        end
    }

    fn consume(&mut self, count: usize) {
        self.received.drain(..count.min(self.received.len()));
        self.searched = 0;
    }
}

fn malformed(why: &str) -> Fault {
    Fault::Malformed(why.into())
}

/// A length that the head of a request doesn't exceed: `ureq-proto` writes it into a slice.
fn head_bound(head: &http::request::Parts) -> usize {
    let headers = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    // The URI becomes both the target and the header `Host`.
    headers.sum::<usize>() + 2 * head.uri.to_string().len() + 256
}

/// Every answer in HTTP/1.0 or 1.1 begins with it, so other protocols are recognized at once.
const START: &[u8] = b"HTTP/1.";

/// In bytes. The same as hyper's limit for trailers; no Engine.IO server needs more.
const LONGEST_HEAD: usize = 16 << 10;

#[cfg(test)]
mod tests;
