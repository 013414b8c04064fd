//! A connection and its requests, one after the other.

mod advance;
mod carried;

use std::fmt;
use std::mem;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use engineio_proto::Instant;

use super::output::Output;
use super::request::ServerRequest;
use super::{HeadReader, Settings};
use crate::data::Data;
use crate::listener::MAX_HEAD;
use crate::server::{Hub, RemoteAddr};
use crate::shared::framed::Framed;
use crate::upgrade::Switch;

/// A connection of HTTP/1.1 to a server, for a binding that has no HTTP library.
///
/// It is carried like a [`Framed`]: see [`Wire`]. Beside that it has [deadlines](Self::deadline) of
/// its own. When [`poll_abort`] is ready, the stream carries a [WebSocket](Self::take_websocket) or
/// [HTTP/2](Self::take_http2), or is to be dropped. A peer that takes no bytes is the binding's to
/// cut off.
///
/// [`Wire`]: crate::Wire
/// [`poll_abort`]: crate::Wire::poll_abort
pub struct ServerConnection<D: Data = ()> {
    hub: Hub<D>,
    settings: Arc<Settings>,
    peer: Option<RemoteAddr>,
    /// Bytes that came and aren't used yet.
    input: BytesMut,
    heads: HeadReader,
    output: Output,
    stage: Stage<D>,
    next: Next,
    /// No request has come yet.
    is_unused: bool,
    /// The server stops: nobody waits for another request.
    is_stopping: bool,
    /// How many times it has read, and answered, since it last had nothing to do.
    reads: u8,
    answers: u8,
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
    Request(Box<ServerRequest<D>>),
    /// A WebSocket, once its 101 is written.
    Switch(Box<(Switch, Framed)>),
    /// The last answer is on its way.
    Farewell {
        /// Whether the whole request was read, so that nothing unread can turn the end into a
        /// reset.
        is_read: bool,
    },
    /// The writing side is closed. Closing now, with unread bytes, would reset the connection, and
    /// the peer might lose the answer.
    Drain {
        until: Instant,
        left: usize,
    },
    /// Nothing more will come or go: close the stream.
    Close,
    /// It is one of HTTP/2.
    Http2,
    /// The stream is broken, or is somebody else's now.
    Drop,
}

/// What a connection can do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Write,
    Read,
    /// Nothing before it is woken.
    Wait,
    /// More, once others have had their turn.
    Yield,
    /// End the writing side.
    ShutDown,
    Close,
    /// Drop the stream, or let it carry a WebSocket or HTTP/2.
    Drop,
}

impl<D: Data> ServerConnection<D> {
    /// A new connection, from this peer if it has an address.
    pub fn new(hub: &Hub<D>, settings: &Arc<Settings>, peer: Option<RemoteAddr>) -> Self {
        Self {
            hub: hub.clone(),
            settings: Arc::clone(settings),
            peer,
            input: BytesMut::new(),
            heads: HeadReader::default(),
            output: Output::default(),
            stage: Stage::Idle { until: Some(hub.now() + settings.head_timeout) },
            next: Next::Read,
            is_unused: true,
            is_stopping: false,
            reads: 0,
            answers: 0,
        }
    }

    /// When to carry it again at the latest. Each call of another method may change it. `None`:
    /// when it is woken, or the stream is ready.
    pub fn deadline(&self) -> Option<Instant> {
        if !self.output.is_empty() {
            // What is due has to wait until that is written.
            return None;
        }
        match &self.stage {
            Stage::Idle { until } => *until,
            Stage::Head { until } | Stage::Drain { until, .. } => Some(*until),
            Stage::Request(request) => request.deadline(),
            Stage::Switch(_)
            | Stage::Farewell { .. }
            | Stage::Close
            | Stage::Http2
            | Stage::Drop => None,
        }
    }

    /// Says that the server stops: the connection ends after the answer that it is about to give,
    /// or at once if it is idle. Carry it then.
    pub fn stop(&mut self) {
        if mem::replace(&mut self.is_stopping, true) {
            return;
        }
        if let Stage::Head { until } = &mut self.stage {
            *until = (*until).min(self.hub.now() + self.hub.config().linger());
        }
    }

    /// The time now, by the clock of its deadlines.
    pub fn now(&self) -> Instant {
        self.hub.now()
    }

    fn received(&mut self, bytes: &[u8]) {
        self.reads = self.reads.saturating_add(1);
        if let Stage::Drain { left, .. } = &mut self.stage {
            *left = left.saturating_sub(bytes.len());
        } else {
            let used = self.begin_in_place(bytes);
            self.input.extend_from_slice(bytes.get(used..).unwrap_or_default());
            if self.is_http2() {
                self.stage = Stage::Http2;
            }
        }
    }

    /// The WebSocket that the stream carries from now on, which has what came for it already.
    /// `None`: it still speaks HTTP, or is over.
    pub fn take_websocket(&mut self) -> Option<Framed> {
        if !self.is_switching() {
            return None;
        }
        let Stage::Switch(switch) = mem::replace(&mut self.stage, Stage::Drop) else {
            return None;
        };
        let (_, mut framed) = *switch;
        framed.hold(&mem::take(&mut self.input));
        Some(framed)
    }

    /// What has come of a connection of HTTP/2, to be served by something else. `None`: it isn't
    /// one.
    pub fn take_http2(&mut self) -> Option<Bytes> {
        if !matches!(self.stage, Stage::Http2) {
            return None;
        }
        self.stage = Stage::Drop;
        Some(mem::take(&mut self.input).freeze())
    }

    /// Whether it begins as one of HTTP/2, as no request of HTTP/1.1 for this server does.
    fn is_http2(&self) -> bool {
        self.settings.http2
            && self.is_unused
            && !self.heads.has_skipped()
            && matches!(self.stage, Stage::Idle { .. } | Stage::Head { .. })
            && self.input.starts_with(PREFACE_START)
    }

    /// Whether it becomes a WebSocket now: the 101 is written.
    fn is_switching(&self) -> bool {
        matches!(self.stage, Stage::Switch(_)) && self.output.is_empty()
    }

    const fn begin_turn(&mut self) {
        self.reads = 0;
        self.answers = 0;
    }

    /// How many bytes may be read. Of what follows a request that waits, a little is read, to see
    /// whether the peer has left. The rest stays in the kernel.
    fn room(&self) -> usize {
        if let Stage::Request(request) = &self.stage
            && !request.takes_more()
        {
            return MAX_HEAD.saturating_sub(self.input.len());
        }
        usize::MAX
    }

    /// Whether the connection no longer waits for a request.
    fn has_idled_enough(&self) -> bool {
        let Stage::Idle { until } = &self.stage else { return false };
        // One that has just read has just become idle, so the clock needn't be asked.
        let is_new = self.reads > 0;
        self.is_stopping || (!is_new && until.is_some_and(|until| until <= self.hub.now()))
    }
}

impl<D: Data> fmt::Debug for ServerConnection<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConnection").field("next", &self.next).finish_non_exhaustive()
    }
}

/// The beginning of the preface of HTTP/2 (RFC 9113, section 3.4).
const PREFACE_START: &[u8] = b"PRI ";
