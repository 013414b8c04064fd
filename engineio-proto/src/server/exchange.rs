//! Requests that belong to a session, or ask for one, as owned plain data.

use alloc::vec::Vec;

use bytes::Bytes;
use bytestring::ByteString;

use super::cause::RefusalCause;
use super::jsonp::Style;
use super::refusal::Refusal;
use crate::codec::{BinaryEncoding, ContentType};
use crate::coding::Coding;
use crate::http::{Headers, InvalidHeader};
use crate::node_tag::NodeTag;
use crate::packet::Message;
use crate::revision::Revision;
use crate::transport::Transport;

/// A request that names a session. The session answers it exactly once.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub(super) kind: Kind,
    /// The transport that the query names; it must fit the kind.
    pub(super) transport: Transport,
    pub(super) eio: Eio,
    /// Of the body of a POST.
    pub(super) content_type: ContentType,
    pub(super) coding: Option<Coding>,
    pub(super) subprotocol: Option<ByteString>,
    /// As its `b64` asks for.
    pub(super) binary: BinaryEncoding,
    /// CORS headers for the answer.
    pub(super) headers: Headers,
}

/// The `EIO` of a request's query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Eio {
    Absent,
    Unknown,
    Is(Revision),
}

impl Eio {
    pub(super) fn of(value: Option<&str>) -> Self {
        match value {
            None => Self::Absent,
            Some(value) => Revision::from_query(value).map_or(Self::Unknown, Self::Is),
        }
    }
}

/// The kind of a session's request, which says how to serve it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a binding must handle every variant")]
pub enum Kind {
    /// A GET that waits for packets.
    Poll,
    /// A POST that brings packets: read its body.
    Post,
    /// A connection that carries frames once it is upgraded.
    Framed(Transport),
}

impl Exchange {
    /// The kind of the request.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The transport that the request's query names.
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// The refusal for a `sid` that no session has.
    pub fn unknown_session(self) -> Refusal {
        Refusal::new(RefusalCause::UnknownSession, self.headers)
    }

    /// The refusal for a `sid` whose node can't be reached.
    pub fn unreachable_node(self, node: NodeTag) -> Refusal {
        Refusal::new(RefusalCause::UnreachableNode(node), self.headers)
    }

    /// The refusal of a request that its session's node broke off.
    pub fn lost_node(self, node: NodeTag) -> Refusal {
        Refusal::new(RefusalCause::LostNode(node), self.headers)
    }

    /// The refusal of a request for which there is no room on its way to another node, which asks
    /// the client to come back after so many seconds.
    pub fn too_many_forwards(self, retry_after: u64) -> Refusal {
        Refusal::new(RefusalCause::TooManyForwards(retry_after), self.headers)
    }

    /// The refusal of a request by a server that is closing and has to pass it on to another node,
    /// which asks the client to come back after so many seconds.
    pub fn closing(self, retry_after: u64) -> Refusal {
        Refusal::new(RefusalCause::Closing(retry_after), self.headers)
    }

    /// The refusal of a WebSocket whose own handshake is broken.
    pub fn broken_websocket(self) -> Refusal {
        Refusal::new(RefusalCause::WebSocketHandshake, self.headers)
    }

    /// The refusal of a WebSocket whose connection can't become one.
    pub fn no_upgrade(self) -> Refusal {
        Refusal::new(RefusalCause::NoUpgrade, self.headers)
    }

    /// Why a session of this revision can't take the request, whatever its state is.
    pub(super) fn misfit(&self, revision: Revision) -> Option<RefusalCause> {
        match self.eio {
            Eio::Is(eio) if eio == revision => {}
            Eio::Absent => {}
            Eio::Is(_) | Eio::Unknown => return Some(RefusalCause::RevisionMismatch),
        }
        match (self.kind, self.transport) {
            (Kind::Poll | Kind::Post, Transport::Polling)
            | (Kind::Framed(Transport::WebSocket), Transport::WebSocket) => None,
            (Kind::Poll, Transport::WebSocket) => Some(RefusalCause::UpgradeMissing),
            (Kind::Post, Transport::WebSocket) | (Kind::Framed(_), _) => {
                Some(RefusalCause::TransportMismatch)
            }
        }
    }
}

/// A handshake that asks for a session. Open one with
/// [`Session::open`](super::Session::open), or refuse.
#[derive(Clone, Debug)]
pub struct Opening {
    pub(super) transport: Transport,
    pub(super) revision: Revision,
    /// As its `b64` and `j` ask for.
    pub(super) style: Style,
    pub(super) coding: Option<Coding>,
    pub(super) subprotocol: Option<ByteString>,
    /// Whether the answer may name transports to move to.
    pub(super) offers_upgrades: bool,
    /// To leave in one answer with the open packet.
    pub(super) messages: Vec<Message>,
    /// For the answer: CORS, then the application's own.
    pub(super) headers: Headers,
}

impl Opening {
    /// The transport that the session begins on.
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// The revision that the client speaks.
    pub const fn revision(&self) -> Revision {
        self.revision
    }

    /// Adds a header to the answer: to the first poll's, or to the 101.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] if HTTP can't carry it.
    pub fn header(
        &mut self,
        name: impl Into<ByteString>,
        value: impl Into<ByteString>,
    ) -> Result<(), InvalidHeader> {
        self.headers.try_push(name, value)
    }

    /// Names no transport to move to, whatever the settings say, for a driver that knows that no
    /// WebSocket reaches it. It should refuse those that come, with
    /// [`no_upgrade`](Self::no_upgrade).
    pub const fn withhold_upgrades(&mut self) {
        self.offers_upgrades = false;
    }

    /// Adds a message that the client gets together with the open packet.
    pub fn message(&mut self, message: impl Into<Message>) {
        self.messages.push(message.into());
    }

    /// The application's refusal, with a status from 400 to 599 (others become 403)
    /// and a body of JSON.
    pub fn refuse(self, status: u16, body: impl Into<Bytes>) -> Refusal {
        self.refuse_with(Refusal::application(status, body))
    }

    /// Makes a refusal of the application the answer to this handshake.
    pub fn refuse_with(self, refusal: Refusal) -> Refusal {
        refusal.with_headers(self.headers)
    }

    /// The refusal of a server that can't open the session now, which asks the client to come back
    /// after so many seconds.
    pub fn unavailable(self, why: Unavailable, retry_after: u64) -> Refusal {
        let cause = match why {
            Unavailable::NotAccepted => RefusalCause::NotAccepted(retry_after),
            Unavailable::TooManyWaiting => RefusalCause::TooManyWaiting(retry_after),
            Unavailable::Overloaded => RefusalCause::Overloaded(retry_after),
            Unavailable::TooManyFromAddress => RefusalCause::TooManyFromAddress(retry_after),
            Unavailable::TooFast => RefusalCause::TooFast(retry_after),
            Unavailable::Closing => RefusalCause::Closing(retry_after),
        };
        Refusal::new(cause, self.headers)
    }

    /// The refusal of a WebSocket whose connection can't become one.
    pub fn no_upgrade(self) -> Refusal {
        Refusal::new(RefusalCause::NoUpgrade, self.headers)
    }

    /// The refusal of a WebSocket whose own handshake is broken.
    pub fn broken_websocket(self) -> Refusal {
        Refusal::new(RefusalCause::WebSocketHandshake, self.headers)
    }
}

/// Why no session can be opened now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "these are all the reasons that a driver has")]
pub enum Unavailable {
    /// The application decided nothing in time.
    NotAccepted,
    /// As many handshakes wait as [`max_waiting`](crate::ServerConfig::max_waiting) allows.
    TooManyWaiting,
    /// As many sessions are open as [`max_sessions`](crate::ServerConfig::max_sessions) allows.
    Overloaded,
    /// As many sessions of the client's address are open as
    /// [`max_sessions_per_address`](crate::ServerConfig::max_sessions_per_address) allows.
    TooManyFromAddress,
    /// More handshakes came in a second than
    /// [`max_handshakes_per_second`](crate::ServerConfig::max_handshakes_per_second) allows.
    TooFast,
    /// The server is closing.
    Closing,
}
