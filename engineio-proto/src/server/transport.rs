//! The states of a session and everything that moves it from one to another.
//!
//! A session is born `Polling` or `Framed` and ends `Closed`. `Polling` and
//! `Probing` share what polling needs: at most one GET that waits (parked) and at
//! most one POST under way.
//!
//! | | Polling | Probing | Framed | Closed |
//! |---|---|---|---|---|
//! | GET | parked; a second: 400, → Closed | the same; answered soon once `2probe` came | 400 code 3 | 400 code 1 |
//! | POST | awaits its body; a second: 400, → Closed | the same | 400 code 3 | 400 code 1 |
//! | WebSocket | 101, → Probing; 400 code 3 if upgrades are off | 101, 1008 | 101, 1008 | 400 code 1 |
//! | body | its packets, then `ok`; illegal: 400, inbox full: 503, → Closed | the same | ignored | ignored |
//! | frame of the probe | | `2probe`: `3probe`; `5`: → Framed; else → Polling | | |
//! | frame of the session | | | its packet; illegal: → Closed | ignored |
//! | packet `1` | `ok`, GET gets `6`, → Closed | the same | → Closed | |
//! | GET failed | answered if it can be; no other within `poll_grace`: → Closed | the same | | |
//! | handshake not followed | → Closed | | | |
//! | POST failed | too large: 413; else → Closed | the same | | |
//! | frames failed | | of the probe: → Polling | → Closed | |
//! | upgrade time-out | | → Polling | | |
//! | heartbeat out | → Closed | → Closed | → Closed | |
//! | application stalls | → Closed | → Closed | → Closed | |
//! | `close` | the rest and `1` to the GET, → Closed | the same | the rest, `1`, 1000, → Closed | nothing |
//! | `abort` | `1` to the GET, → Closed | the same | the code of its reason, → Closed | nothing |
//!
//! Whatever a connection was promised when its state ends, it still gets: an answer
//! to a request, a hang-up to a WebSocket. That waits in `Replies`, so a state never
//! has to outlive its end for the sake of a last word.

use crate::close::ServerCloseReason;
use crate::coding::Coding;
use crate::conn::ConnId;
use crate::http::Headers;
use crate::time::Instant;

/// Where the session is.
#[derive(Debug)]
pub(super) enum State {
    Polling(Polling),
    Probing(Polling, Probe),
    Framed(Framed),
    Closed,
}

impl State {
    pub(super) const fn polling(&self) -> Option<&Polling> {
        match self {
            Self::Polling(polling) | Self::Probing(polling, _) => Some(polling),
            Self::Framed(_) | Self::Closed => None,
        }
    }

    pub(super) const fn polling_mut(&mut self) -> Option<&mut Polling> {
        match self {
            Self::Polling(polling) | Self::Probing(polling, _) => Some(polling),
            Self::Framed(_) | Self::Closed => None,
        }
    }

    pub(super) const fn probe(&self) -> Option<&Probe> {
        match self {
            Self::Probing(_, probe) => Some(probe),
            Self::Polling(_) | Self::Framed(_) | Self::Closed => None,
        }
    }

    pub(super) const fn probe_mut(&mut self) -> Option<&mut Probe> {
        match self {
            Self::Probing(_, probe) => Some(probe),
            Self::Polling(_) | Self::Framed(_) | Self::Closed => None,
        }
    }

    pub(super) const fn framed(&self) -> Option<&Framed> {
        match self {
            Self::Framed(framed) => Some(framed),
            Self::Polling(_) | Self::Probing(..) | Self::Closed => None,
        }
    }

    pub(super) const fn framed_mut(&mut self) -> Option<&mut Framed> {
        match self {
            Self::Framed(framed) => Some(framed),
            Self::Polling(_) | Self::Probing(..) | Self::Closed => None,
        }
    }

    pub(super) const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }
}

/// GETs and POSTs come and go.
#[derive(Debug)]
pub(super) struct Polling {
    /// Whether answers may be binary: the handshake came without `b64`.
    pub(super) is_binary: bool,
    pub(super) get: Option<Get>,
    pub(super) post: Option<Post>,
    /// By when the client has to show up, and why the session ends if it doesn't.
    pub(super) absence: Option<(Instant, ServerCloseReason)>,
}

/// A GET that waits for its answer.
#[derive(Debug)]
pub(super) struct Get {
    pub(super) conn: ConnId,
    /// For the answer.
    pub(super) headers: Headers,
    pub(super) coding: Option<Coding>,
    /// The handshake's: the open packet goes first, and messages up to this position.
    pub(super) handshake: Option<u64>,
    /// Until when messages wait for those that the application is about to add.
    pub(super) hold_until: Option<Instant>,
    /// From when on it is in the way of a probe.
    pub(super) noop_at: Option<Instant>,
}

/// A POST that waits for its answer.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) conn: ConnId,
    /// For the answer.
    pub(super) headers: Headers,
    pub(super) is_binary: bool,
    pub(super) stage: PostStage,
}

#[derive(Debug)]
pub(super) enum PostStage {
    /// The body has to be there by then.
    Receiving { by: Instant },
    /// Delivered, but so much waits for the application that the client has to wait
    /// too, at least until there is room and at most until then.
    Withheld { until: Instant },
}

/// A WebSocket that wants to take over.
#[derive(Debug)]
pub(super) struct Probe {
    pub(super) conn: ConnId,
    pub(super) is_binary: bool,
    /// By when it has to get on.
    pub(super) by: Instant,
    pub(super) stage: ProbeStage,
}

#[derive(Debug)]
pub(super) enum ProbeStage {
    /// Open, but silent.
    Silent,
    /// `2probe` came: the client stops polling as soon as its GET is answered.
    Probed {
        /// The answer to a `2probe` wasn't pulled yet.
        owes_pong: bool,
        /// How many further GETs are answered at once.
        quick_polls: u8,
    },
}

/// One connection carries everything.
#[derive(Debug)]
pub(super) struct Framed {
    pub(super) conn: ConnId,
    /// Whether binary frames may be sent: the request came without `b64`.
    pub(super) is_binary: bool,
    /// The close packet was pulled.
    pub(super) has_said_close: bool,
}

/// The application said that the session shall end.
#[derive(Debug)]
pub(super) struct Closing {
    /// The end, whatever is still queued.
    pub(super) until: Instant,
    pub(super) reason: ServerCloseReason,
}
