//! The states of a client's session and everything that moves it from one to another.
//!
//! | | Opening | Polling | Probing | Framed | Closed |
//! |---|---|---|---|---|---|
//! | starts | the first transport | a GET whenever there is none, a POST when something waits | the same, and the WebSocket; from `3probe` on nothing | | |
//! | answer to a GET | open packet: → Polling; else the next transport | its packets; a refusal: → Closed | the same; the last one from `3probe` on: → Framed | | |
//! | answer to a POST | | a refusal: → Closed; of the last one: → Closed | the same | | |
//! | 101 | waits for the open packet | | `2probe` | | hang-up |
//! | WebSocket refused | the next transport | | → Polling | | |
//! | frame | open packet: → Framed; else the next transport | | `3probe`: no more requests; else → Polling | its packet; illegal: → Closed | |
//! | packet `1` | | → Closed | → Closed | → Closed | |
//! | GET or POST failed | the next transport | → Closed | → Closed | | |
//! | WebSocket failed | the next transport | | → Polling | → Closed | |
//! | time-out | the next transport | | → Polling | | |
//! | heartbeat out | | → Closed | → Closed | → Closed | |
//! | `close` | goes on, then as open | the rest and `1` in POSTs, → Closed | → Polling, and so on | the rest, `1`, 1000, → Closed | nothing |
//!
//! "The next transport" is the next of [`transports`](crate::ClientConfig::transports); behind the
//! last one it is → Closed.

use crate::conn::ConnId;
use crate::time::Instant;
use crate::transport::Transport;

/// Where the session is.
#[derive(Debug)]
pub(super) enum State {
    Opening(Opening),
    Polling(Polling),
    Probing(Polling, Probe),
    Framed(Framed),
    Closed,
}

impl State {
    pub(super) const fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }

    pub(super) const fn polling(&self) -> Option<&Polling> {
        match self {
            Self::Polling(polling) | Self::Probing(polling, _) => Some(polling),
            Self::Opening(_) | Self::Framed(_) | Self::Closed => None,
        }
    }

    pub(super) const fn polling_mut(&mut self) -> Option<&mut Polling> {
        match self {
            Self::Polling(polling) | Self::Probing(polling, _) => Some(polling),
            Self::Opening(_) | Self::Framed(_) | Self::Closed => None,
        }
    }

    pub(super) const fn framed_mut(&mut self) -> Option<&mut Framed> {
        match self {
            Self::Framed(framed) => Some(framed),
            Self::Opening(_) | Self::Polling(_) | Self::Probing(..) | Self::Closed => None,
        }
    }
}

/// A transport that is tried, and has no session yet.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) transport: Transport,
    /// Which of the transports it is.
    pub(super) place: usize,
    /// None until it was started.
    pub(super) conn: Option<ConnId>,
    pub(super) by: Instant,
}

/// At most one GET and one POST are under way.
#[derive(Debug, Default)]
pub(super) struct Polling {
    pub(super) get: Option<ConnId>,
    pub(super) post: Option<ConnId>,
    /// The close packet has left: with the answer to that POST all is done, and whatever
    /// becomes of the GET means nothing.
    pub(super) has_said_close: bool,
}

/// A WebSocket that is tried while polling goes on.
#[derive(Debug)]
pub(super) struct Probe {
    /// None until it was started.
    pub(super) conn: Option<ConnId>,
    pub(super) stage: ProbeStage,
    pub(super) by: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProbeStage {
    /// No 101 yet.
    Asked,
    /// `2probe` is to be sent.
    Upgraded,
    /// `2probe` was sent.
    Probed,
    /// `3probe` came: no request is started, and those under way are waited for.
    Pausing,
}

/// Everything goes over one WebSocket.
#[derive(Debug)]
pub(super) struct Framed {
    pub(super) conn: ConnId,
    /// `5` is to be sent, before anything else.
    pub(super) owes_upgrade: bool,
}
